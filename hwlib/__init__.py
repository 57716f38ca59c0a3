"""The three algorithms of the homework, the data they run on and the pictures that show them.

- `hwlib.backprop`: backpropagation on a computation graph.
- `hwlib.kmeans`: k-means.
- `hwlib.compression`: compressing an image by color; `hwlib.picture_files` reads it.
- `hwlib.clustering`: clusters of any table of points; `hwlib.point_files` reads it.
- `hwlib.commands`: what the commands share.
- `hwlib.binary_em`: EM for a mixture of Bernoullis.
- `hwlib.quick`: the three once more, with the same results, made fast.
- `hwlib.map_reduce`: k-means and EM on data in pieces.
- `hwlib.agreement`: how well two clusterings agree.
- `hwlib.arguments`: checks of arguments.
- `hwlib.experiments`: runs and measurements that pictures need.
- `hwlib.scenes`, `hwlib.views`: the numbers of a picture, and what draws them.
- `hwlib.notebook`: a function's source, shown on the page.
- `hwlib.png_files`: what a PNG file says and Pillow passes over.
- `hwlib.datasets`: every data set that the book uses.
- `hwlib.figures`: what the pictures look like.
- `hwlib.explorer`: pictures with sliders, alive with a kernel and without.
"""

__version__ = "1.0.0"
