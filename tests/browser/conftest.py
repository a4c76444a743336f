"""The desk's tests look at the bench as the tests of it do."""

from tests.bench.conftest import bench

__all__ = ["bench"]
