"""Sample classes, from annotations or from documents, and batches; :mod:`atdata.sample` is the front door."""
