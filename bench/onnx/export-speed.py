"""How long onnxruntime takes for the files of write-files.ts: float32 against packed and integer weights.

    python bench/onnx/export-speed.py <folder>

The files of a network are run in turns, one image at a time, on one thread; the median of the rounds counts, in
processor time of that thread: other processes may run beside it.
Every file is looked at by the checker of the onnx package first. Writes export-speed.json beside itself.
"""

import glob
import json
import os
import platform
import statistics
import sys
import time

import numpy as np
import onnx
import onnxruntime

ROUNDS = 60
HERE = os.path.dirname(os.path.abspath(__file__))


def processor():
    with open("/proc/cpuinfo") as info:
        names = [line.split(":")[1].strip() for line in info if line.startswith("model name")]
    flags = open("/proc/cpuinfo").read()
    return {"name": names[0], "cores": len(names), "vnni": "avx512_vnni" in flags or "avx_vnni" in flags}


def opened(path):
    onnx.checker.check_model(path, full_check=True)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    start = time.perf_counter()
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return session, time.perf_counter() - start


def main(folder):
    results = {}
    for network in ("example", "mobilenet-v2"):
        paths = sorted(glob.glob(os.path.join(folder, f"{network}-*.onnx")))
        sessions = {path: opened(path) for path in paths}
        given = next(iter(sessions.values()))[0].get_inputs()[0]
        image = np.random.default_rng(1).random([1, *given.shape[1:]], dtype=np.float32)
        times = {path: [] for path in paths}
        outputs = {}
        for round_number in range(ROUNDS + 3):
            for path, (session, _) in sessions.items():
                start = time.thread_time()
                outputs[path] = session.run(None, {given.name: image})[0]
                if round_number >= 3:
                    times[path].append(time.thread_time() - start)
        base = os.path.join(folder, f"{network}-float32.onnx")
        for path in paths:
            name = os.path.basename(path)[len(network) + 1 : -len(".onnx")]
            results[f"{network}/{name}"] = {
                "bytes": os.path.getsize(path),
                "load_ms": round(1000 * sessions[path][1], 2),
                "run_ms": round(1000 * statistics.median(times[path]), 3),
                "times_as_fast": round(statistics.median(times[base]) / statistics.median(times[path]), 2),
                "output_difference": float(np.abs(outputs[path] - outputs[base]).max()),
            }
            print(f"{network}/{name}", results[f"{network}/{name}"])
    report = {
        "processor": processor(),
        "onnxruntime": onnxruntime.__version__,
        "onnx": onnx.__version__,
        "python": platform.python_version(),
        "rounds": ROUNDS,
        "threads": 1,
        "results": results,
    }
    with open(os.path.join(HERE, "export-speed.json"), "w") as file:
        json.dump(report, file, indent=2)
        file.write("\n")


main(sys.argv[1])
