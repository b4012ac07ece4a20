"""The Lambda service of these tests is that of the Lambda service's own."""

from tests.services.lambda_.conftest import bench

__all__ = ["bench"]
