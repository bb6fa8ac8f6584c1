"""Views of samples of one class as another, one by one and on whole columns; :mod:`atdata.lens` is the front door."""
