"""Muon for the matrices of the hidden layers, AdamW for everything else, as one optimizer."""

import math
from collections import defaultdict
from collections.abc import Callable, Iterable
from itertools import chain
from typing import Any

import torch
from torch import nn
from torch.optim import AdamW, Muon, Optimizer

__all__ = ["BatchedMuon", "MuonWithAdamW", "hidden_matrices", "orthogonalised"]

ADAMW_RMS = 0.2
"""Root mean square of AdamW's steps in units of the learning rate, to which Muon's are scaled."""


def hidden_matrices(model: nn.Module) -> set[str]:
    """Name the weights that Muon is made for: matrices of linear maps that a block of the model owns.

    Parameters
    ----------
    model : torch.nn.Module
        The model.

    Returns
    -------
    set of str
        Names as in ``model.named_parameters()``; embeddings, biases, norms and an output projection are left
        out.
    """
    return {
        f"{name}.weight"
        for name, module in model.named_modules()
        if isinstance(module, nn.Linear) and name.rpartition(".")[2] != "lm_head"
    }


class BatchedMuon(Muon):
    """:class:`torch.optim.Muon`, which turns all matrices of one shape at once instead of one by one.

    A small model has dozens of small matrices: the same steps take a fraction of the time.
    """

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]  # torch overloads it by closures
        """Take a step.

        Parameters
        ----------
        closure : None
            Not supported.
        """
        for group in self.param_groups:
            by_shape = defaultdict(list)
            for matrix in group["params"]:
                if matrix.grad is not None:
                    by_shape[matrix.shape].append(matrix)
            for shape, matrices in by_shape.items():
                gradients = [matrix.grad for matrix in matrices]
                momenta = [self._momentum(matrix) for matrix in matrices]
                torch._foreach_lerp_(momenta, gradients, 1 - group["momentum"])
                updates = torch.stack(torch._foreach_lerp(gradients, momenta, group["momentum"]))
                updates = orthogonalised(updates, group["ns_coefficients"], group["ns_steps"], group["eps"])
                torch._foreach_mul_(matrices, 1 - group["lr"] * group["weight_decay"])
                size = group["lr"] * ADAMW_RMS * math.sqrt(max(shape))
                torch._foreach_add_(matrices, updates.to(matrices[0].dtype).unbind(), alpha=-size)

    def _momentum(self, matrix: nn.Parameter) -> torch.Tensor:
        state = self.state[matrix]
        if not state:
            state["momentum_buffer"] = torch.zeros_like(matrix)
        return state["momentum_buffer"]


def orthogonalised(
    matrices: torch.Tensor, coefficients: tuple[float, float, float], steps: int, eps: float
) -> torch.Tensor:
    """Bring the singular values of matrices near 1 by the Newton-Schulz iteration of Muon.

    Parameters
    ----------
    matrices : torch.Tensor of shape (n, rows, columns)
    coefficients : tuple of float
        Of the quintic polynomial.
    steps : int
        Iterations.
    eps : float
        Least norm that a matrix is divided by.

    Returns
    -------
    torch.Tensor of bfloat16 of shape (n, rows, columns)
    """
    a, b, c = coefficients
    x = matrices.bfloat16()
    tall = x.shape[1] > x.shape[2]
    x = x.mT if tall else x
    x = x / x.norm(dim=(1, 2), keepdim=True).clamp_min(eps)
    for _ in range(steps):
        gram = x @ x.mT
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x.mT if tall else x


class MuonWithAdamW(Optimizer):
    """Step :class:`BatchedMuon` and :class:`torch.optim.AdamW` together.

    Muon turns the momentum of a matrix into the nearest orthogonal matrix, so that every direction is learned
    at the same pace (Jordan et al. 2024). Its steps are scaled to the size of AdamW's (Liu et al. 2025), so
    that one learning rate and one schedule serve both.

    Parameters
    ----------
    matrices : iterable of torch.nn.Parameter
        Two-dimensional weights of hidden layers.
    others : list of dict
        Parameter groups for AdamW.
    lr, weight_decay : float
        Learning rate of all, weight decay of the matrices.
    **adamw
        Passed on to AdamW.
    """

    def __init__(
        self,
        matrices: Iterable[nn.Parameter],
        others: list[dict[str, Any]],
        lr: float,
        weight_decay: float,
        **adamw: Any,
    ) -> None:
        self._parts: tuple[Optimizer, ...] = (
            BatchedMuon(list(matrices), lr=lr, weight_decay=weight_decay),
            AdamW(others, lr=lr, **adamw),
        )
        super().__init__(list(chain.from_iterable(part.param_groups for part in self._parts)), {})
        self._share()

    def _share(self) -> None:
        """Make the groups and the state those of the parts, for schedulers and checkpoints to reach."""
        self.param_groups = list(chain.from_iterable(part.param_groups for part in self._parts))
        self.state.clear()
        for part in self._parts:
            self.state.update(part.state)

    @torch.no_grad()
    def step(  # type: ignore[override]  # torch overloads it by closures
        self, closure: Callable[[], float] | None = None
    ) -> float | None:
        """Take one step of both.

        Parameters
        ----------
        closure : callable, optional
            Reevaluates the model and returns the loss.
        """
        loss = None if closure is None else torch.enable_grad()(closure)()
        for part in self._parts:
            part.step()
        return loss

    def state_dict(self) -> dict[str, Any]:
        """Return the states of both, ``{"parts": [...]}``."""
        return {"parts": [part.state_dict() for part in self._parts]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restore what :meth:`state_dict` returned."""
        for part, state in zip(self._parts, state_dict["parts"], strict=True):
            part.load_state_dict(state)
        self._share()
