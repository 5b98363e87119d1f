"""One training step of a model sharded over the processes as recipes/launch/fsdp.yaml says, beside a whole one."""

import sys

import torch
import torch.distributed as dist
import yaml
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from trainer_runs import EXACT, make_dataset, make_model

from phosphot5.trainer import PhosphositeCollator
from phosphot5.trainer.trainer import _embedding_rms as embedding_rms


def main(config: str) -> None:
    """Compare loss, gradient and weights after a step; the main process prints the largest difference."""
    with open(config) as handle:
        wrapped = yaml.safe_load(handle)["fsdp_config"]["fsdp_transformer_layer_cls_to_wrap"].split(",")
    dist.init_process_group("gloo")
    mesh = init_device_mesh("cpu", (dist.get_world_size(),))
    whole, sharded = make_model(**EXACT).train(), make_model(**EXACT).train()
    count = 0
    for module in reversed(list(sharded.modules())):  # inner ones first, as accelerate does
        if type(module).__name__ in wrapped:
            fully_shard(module, mesh=mesh)
            count += 1
    assert count == 3 + 3, count  # blocks, two of the encoder and one of the decoder, and position biases
    fully_shard(sharded, mesh=mesh)
    batch = PhosphositeCollator(packed=True)([make_dataset(6)[i] for i in range(6)])
    differences = []
    losses = []
    for model in (whole, sharded):
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        loss = model(**batch).loss
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    differences += [abs(losses[0] - losses[1]), abs(embedding_rms(whole) - embedding_rms(sharded))]
    for (name, one), other in zip(whole.named_parameters(), sharded.parameters(), strict=True):
        assert other.to_local().numel() < one.numel() or one.numel() == 1, name
        differences.append((one - other.full_tensor()).abs().max().item())
    if dist.get_rank() == 0:
        sys.stdout.write(f"largest difference {max(differences)}\n")
    dist.destroy_process_group()


if __name__ == "__main__":
    torch.set_num_threads(1)
    main(sys.argv[1])
