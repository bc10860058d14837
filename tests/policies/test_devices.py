import pytest
import torch

from pgplay.errors import InputError
from pgplay.locale.catalog import text_of
from pgplay.policies.devices import list_devices, resolve_device


@pytest.fixture
def _no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)


@pytest.fixture
def _two_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "current_device", lambda: 0)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda number: f"GPU {number}")


@pytest.mark.parametrize("name", ["gpu", "", "CPU", "cpu:0", "cuda:x", "cuda:-1", "cuda:1:2", "mps:1", "xla", "cuda:²"])
def test_a_name_that_is_no_device_is_refused_with_the_valid_ones(name: str) -> None:
    with pytest.raises(InputError, match=r"(?s)no device called.*auto, cpu, cuda, cuda:1 or mps"):
        resolve_device(name)


@pytest.mark.usefixtures("_no_gpu")
@pytest.mark.parametrize("name", ["cuda", "cuda:0", "cuda:3"])
@pytest.mark.parametrize(("built", "reason"), [(False, "no CUDA; install one that has"), (True, "check the driver")])
def test_cuda_is_refused_with_its_reason(name: str, built: bool, reason: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.cuda, "is_built", lambda: built)
    with pytest.raises(InputError) as caught:
        resolve_device(name)
    assert name in caught.value.problem
    assert reason in caught.value.remedy
    (cuda,) = (device for device in list_devices() if device.name == "cuda")
    assert cuda.reason is not None
    assert text_of(*cuda.reason) == caught.value.remedy


@pytest.mark.usefixtures("_no_gpu")
def test_without_a_gpu_auto_is_the_cpu_and_the_others_are_listed_with_a_reason() -> None:
    assert resolve_device("auto") == resolve_device("cpu") == torch.device("cpu")
    with pytest.raises(InputError, match="Mac"):
        resolve_device("mps")
    listed = {device.name: device for device in list_devices()}
    assert set(listed) == {"auto", "cpu", "cuda", "mps"}
    assert text_of(*listed["auto"].description).startswith("cpu")
    assert all(bool(device.reason) != device.available for device in listed.values())


@pytest.mark.usefixtures("_two_gpus")
def test_with_two_gpus_each_has_its_name() -> None:
    assert resolve_device("auto") == resolve_device("cuda") == torch.device("cuda", 0)
    assert resolve_device("cuda:1") == torch.device("cuda", 1)
    with pytest.raises(InputError, match="has 2 CUDA devices"):
        resolve_device("cuda:2")
    assert {"cuda:0", "cuda:1"} <= {device.name for device in list_devices() if device.available}


@pytest.mark.usefixtures("_two_gpus")
def test_a_gpu_without_a_number_is_that_of_the_rank(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "current_device", lambda: 1)
    assert resolve_device("auto") == resolve_device("cuda") == torch.device("cuda", 1)
    assert resolve_device("cuda:0") == torch.device("cuda", 0)


def test_every_device_listed_as_available_works() -> None:
    for device in list_devices():
        if device.available:
            assert resolve_device(device.name).type in ("cpu", "cuda", "mps")
