"""What the scenes of the chapters need computed: numbers and captions, no pictures."""
