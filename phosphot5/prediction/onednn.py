"""Linear layers in float32 on a CPU, computed by oneDNN in place of torch's BLAS."""

import torch
from torch import nn

__all__ = ["use_onednn"]


def use_onednn(model: nn.Module) -> None:
    """Have oneDNN compute the linear layers of a model that predicts in float32 on a CPU.

    torch hands such products to MKL, which on AMD processors takes slower paths than they have; oneDNN, which torch
    has for other types and for compiled code, takes the widest. Results differ in their last bits. Layers work as
    before while gradients are recorded, on other devices and in other types, and all of them where torch has no
    oneDNN.

    Parameters
    ----------
    model : torch.nn.Module
        Is changed.
    """
    if not torch.backends.mkldnn.is_available():
        return
    for layer in model.modules():
        if type(layer) is nn.Linear:
            # torch calls what the layer holds under this name, method or not
            layer.forward = _OneDNN(layer)  # type: ignore[method-assign]


class _OneDNN:
    """The forward pass of a linear layer; keeps its weight in the layout that oneDNN computes with."""

    def __init__(self, layer: nn.Linear) -> None:
        self.layer = layer
        self.version: tuple[int, int] | None = None

    def __call__(self, input: torch.Tensor) -> torch.Tensor:
        weight = self.layer.weight
        plain = weight.device.type == "cpu" and input.dtype == weight.dtype == torch.float32
        if not plain or torch.is_grad_enabled():
            return nn.Linear.forward(self.layer, input)
        version = (weight.data_ptr(), 0 if weight.is_inference() else weight._version)
        if self.version != version:
            # named as compiled code names them: torch has no public way to these two
            self.packed = torch.ops.mkldnn._reorder_linear_weight(weight.detach())
            self.version = version
        bias = self.layer.bias
        product: torch.Tensor = torch.ops.mkldnn._linear_pointwise(input, self.packed, bias, "none", [], "")
        return product
