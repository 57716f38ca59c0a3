#!/usr/bin/env bash
# Gradescope runs this once, when it builds the image of the autograder.
set -euo pipefail
apt-get update
apt-get install -y python3 python3-pip python3-venv
python3 -m venv /opt/homework
/opt/homework/bin/pip install --requirement "$(dirname "$0")/requirements.txt"
