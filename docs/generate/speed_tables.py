"""Tables of speed and memory: the command, the ONNX graph, decoding, length, training, and versions of transformers."""

from docs.generate.tables import METRICS, load, source, table


def predict() -> str:
    """Return speed and memory of the whole command."""
    result = load("predict")
    rows = [
        [
            name.replace("_half_input", "").replace("_in_processes", ""),
            f"{row['processes']} x {row['threads']}",
            f"{row['residues']:,}",
            f"{row['residues_per_second']:,}",
            f"{row['peak_memory_gb']:.2f} GB",
        ]
        for name, row in result["commands"].items()
    ]
    change, linear = result["bfloat16"]["largest_change_of_a_probability"], result["onednn"]
    note = (
        f"Times include start-up; the model takes {result['share_in_model']['of_time']:.0%} of them. "
        f"In float32, oneDNN replaces torch's BLAS in the linear layers: {linear['ratio']:.2f} times as fast "
        f"in one thread ({linear['lowest']:.2f} to {linear['highest']:.2f}), and no probability changes by more than "
        f"{linear['largest_change_of_a_probability']:.0e}. "
        f"`--dtype bfloat16` changes no probability by more than {change}. {source(result)}"
    )
    header = ["precision", "processes x threads", "residues", "residues/s", "peak memory of a process"]
    return "\n".join([*table(header, rows), "", note])


def runtimes() -> str:
    """Return the speed of the ONNX graph beside torch's."""
    result = load("runtimes")
    proteome, giant = result["proteome"], result["titin_length"]
    header = [
        "residues/s in one thread, one protein at a time",
        "torch",
        "torch as in `predict`",
        "onnxruntime",
    ]
    rows = [
        [name, *(f"{part['residues_per_second'][way]:,}" for way in ("torch", "predict", "onnxruntime"))]
        for name, part in (
            (f"{proteome['proteins']} proteins", proteome),
            (f"{giant['residues']:,} residues", giant),
        )
    ]
    plain, ours = (proteome["onnxruntime_over"][way] for way in ("torch", "predict"))
    note = (
        f"onnxruntime is {plain['median']:.2f} times as fast as torch ({plain['min']:.2f} to {plain['max']:.2f} in "
        f"{result['rounds']} rounds), {ours['median']:.2f} times ({ours['min']:.2f} to {ours['max']:.2f}) where oneDNN "
        "computes the linear layers, as in `phosphot5 predict`. No probability differs by more than "
        f"{result['largest_difference']:.0e}. {source(result)}"
    )
    return "\n".join([*table(header, rows), "", note])


def compatibility() -> str:
    """Return what the exported folder does with several versions of transformers."""
    result = load("compatibility")
    header = ["transformers", "huggingface_hub", "tokenizers", "loads", "same answers", "largest difference"]
    rows = []
    for row in result["results"].values():
        numbers = [row["versions"][name] for name in ("transformers", "huggingface_hub", "tokenizers")]
        equal = "yes" if row["equal"] else "no"
        rows.append([*numbers, "yes", equal, f"{row['largest_difference']:.0e}"])
    note = (
        "Compared are tokens, probabilities, the rows of the pipeline, `annotate` and `generate`: those of this "
        f"package with those of the exported folder, and of the same folder saved again there. {source(result)}"
    )
    return "\n".join([*table(header, rows), "", note])


def decoding() -> str:
    """Return the comparison with token-by-token generation."""
    result = load("decoding")
    header = ["model", "proteins at once", "tokens each", "stock `generate`", "`score_sites`", "`annotate`"]
    rows = []
    for row in result["results"]:
        seconds = row["seconds"]
        rows.append(
            [row["model"], str(row["batch"]), str(row["tokens"]), f"{seconds['stock_generate']:.2f} s"]
        )
        rows[-1] += [
            f"{seconds[way]:.3f} s, {row[f'stock_generate_over_{way}']:.0f}x"
            for way in ("score_sites", "annotate")
        ]
    return "\n".join([*table(header, rows), "", source(result)])


def length() -> str:
    """Return time and memory against length."""
    result = load("length")
    rows = [
        [
            "T5-large geometry, bfloat16" if kind == "large" else f"bundled, {kind} attention",
            f"{row['residues']:,}",
            f"{row['seconds']:.2f} s",
            str(row.get("time_per_residue_over_1024", "")),
            f"{row['peak_memory_bytes'] / 1e9:.2f} GB",
        ]
        for kind in ("window", "full", "large")
        for row in result[kind]
    ]
    header = ["model", "residues", "time", "per residue, relative to 1,024", "peak memory of the process"]
    return "\n".join([*table(header, rows), "", source(result)])


def startup() -> str:
    """Return the times of six proteins with start-up, and how they compare."""
    result = load("startup")
    names = {
        "before": "release 0.4.0",
        "torch": "now, `--runtime torch`",
        "onnx": "now",
        "import torch": "`import torch` alone",
    }
    times = {name: sorted(taken) for name, taken in result["seconds"].items()}
    middle = {name: taken[len(taken) // 2] for name, taken in times.items()}
    rows = [
        [
            title,
            f"{middle[name]:.2f} s [{times[name][0]:.2f}-{times[name][-1]:.2f}]",
            f"{middle[name] / middle['before']:.2f}",
        ]
        for name, title in names.items()
    ]
    rounds = len(times["onnx"])
    note = f"Medians of {rounds} runs, which took turns, with the fastest and slowest. {source(result)}"
    return "\n".join([*table(["", "time", "of release 0.4.0"], rows), "", note])


def scoring() -> str:
    """Return residues per second in one thread of the release before and now, and what limits them."""
    result = load("scoring")
    rates = {name: sorted(rounds) for name, rounds in result["residues_per_second"].items()}
    middle = {name: rounds[len(rounds) // 2] for name, rounds in rates.items()}
    rows = [
        [
            title,
            f"{middle[name]:,} [{rates[name][0]:,}-{rates[name][-1]:,}]",
            f"{middle[name] / middle['before']:.2f}",
        ]
        for name, title in (("before", "release 0.4.0"), ("now", "now"))
    ]
    shares, graph, int8 = result["profile"], result["graph"], result["int8"]
    notes = [
        f"Medians of {len(rates['now'])} runs, which took turns, with the slowest and fastest.",
        f"In the graph, {shares['matrix products']:.0%} of the time goes into matrix products, "
        f"{shares['copies']:.0%} into copies and {shares['element by element']:.0%} into the rest: it scores "
        f"{graph['residues_per_second']:,} residues/s, and products alone would allow "
        f"{graph['matrix_products_alone']:,}.",
        f"With families of kinases it takes {graph['kinases_times_as_long']:.2f} times as long.",
        f"Weights in int8 would make it {int8['times_as_fast']:.2f} times as fast, and move probabilities by up to "
        f"{int8['largest_difference']:.3f}.",
        source(result),
    ]
    return "\n".join([*table(["", "residues/s", "of release 0.4.0"], rows), "", " ".join(notes)])


def precision() -> str:
    """Return the rates of fine-tuning in each type of number, on less and less of a processor."""
    result = load("precision")
    rows = [
        [name, *(f"{row['tokens_per_second'][kind]:,}" for kind in ("bfloat16", "float32", "chosen"))]
        + [" or ".join(row["chosen_is"])]
        for name, row in result["processors"].items()
    ]
    header = ["processor", "bfloat16, tokens/s", "float32, tokens/s", "by itself, tokens/s", "chose"]
    return "\n".join([*table(header, rows), "", source(result)])


def training() -> str:
    """Return the comparison with the stock model and trainer, and what each part of ours brings."""
    result = load("training")
    rows = []
    for group in ("throughput", "parts"):
        for name, row in result[group].items():
            title = name if group == "throughput" else f"ours, {name}"
            if "not_measured" in row:
                rows.append([title, *("-",) * 4, row["not_measured"]])
                continue
            ours, it = row["ours"], row["it"]
            speeds = [f"{side['tokens_per_second']:,}" for side in (ours, it)]
            ratio = f"{row['ours_over_it']:.2f} ({row['lowest']:.2f} to {row['highest']:.2f})"
            memory = " / ".join(f"{side['peak_memory_bytes'] / 1e9:.1f} GB" for side in (ours, it))
            rows.append([title, *speeds, ratio, f"{it['padding']:.1%}", memory])
    header = [
        "other side",
        "ours, tokens/s",
        "other, tokens/s",
        "ours / other (range)",
        "padding of the other",
    ]
    lines = table([*header, "peak memory, ours / other"], rows)
    rows = [
        [row["side"], f"{row['learning_rate']:g}", f"{row['steps']:,}", f"{row['tokens'] / 1e6:.2f} M"]
        + [f"{row[metric]:.3f}" if metric in row else "diverged" for metric in METRICS]
        for row in result["quality"].values()
    ]
    header = ["trainer", "peak learning rate", "steps", "tokens", *METRICS.values()]
    minutes = " and ".join(sorted({f"{row['minutes']:g}" for row in result["quality"].values()}))
    after = f"After {minutes} minutes of training each, on the validation sites:"
    return "\n".join([*lines, "", after, "", *table(header, rows), "", source(result)])
