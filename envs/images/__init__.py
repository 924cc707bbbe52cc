"""Classification of images: MNIST, Fashion-MNIST, scikit-learn's digits, and images of one's own.

`dataset_of` gives a dataset by a name of `DATASETS` or by a path. Imports NumPy, ``wann`` and `envs.task`; scikit-learn
and pooch only where a dataset needs them.
"""

from typing import TYPE_CHECKING

from wann.lazy import lazy

if TYPE_CHECKING:
    from envs.images.classification import Classification as Classification
    from envs.images.dataset import Dataset as Dataset
    from envs.images.dataset import Images as Images
    from envs.images.dataset import load_images as load_images
    from envs.images.datasets import DATASETS as DATASETS
    from envs.images.datasets import dataset_of as dataset_of
    from envs.images.inputs import load_inputs as load_inputs

_PLACES = {
    "DATASETS": "envs.images.datasets",
    "Classification": "envs.images.classification",
    "Dataset": "envs.images.dataset",
    "Images": "envs.images.dataset",
    "dataset_of": "envs.images.datasets",
    "load_images": "envs.images.dataset",
    "load_inputs": "envs.images.inputs",
}
__all__ = list(_PLACES)
__getattr__, __dir__ = lazy(__name__, _PLACES)
