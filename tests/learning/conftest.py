import pytest
import torch


@pytest.fixture(autouse=True)
def one_thread() -> None:
    """Small matrices are not worth sharing, and the machine's other cores belong to others."""
    torch.set_num_threads(1)
