"""Kernels of the documentation say nothing of how they are reached."""

import logging

c = get_config()  # noqa: F821 - IPython gives it
c.IPKernelApp.log_level = logging.ERROR
