"""Reads the journal that `tersor report --optuna` writes with Optuna itself, and holds it against results.json:

    python bench/studies/optuna-journal.py out/studies/agents

optuna-dashboard opens a journal through the same `JournalStorage`. Needs Optuna 4 or later.
"""

import json
import sys
from collections import Counter
from pathlib import Path

import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

folder = Path(sys.argv[1])
results = json.loads((folder / "results.json").read_text())
storage = JournalStorage(JournalFileBackend(str(folder / "optuna.log")))
[summary] = optuna.get_all_study_summaries(storage)
assert summary.study_name == results["name"], summary.study_name
study = optuna.load_study(study_name=summary.study_name, storage=storage)
rows = {(row["variant"], row["seed"]): row for row in results["trials"]}
states = {"done": optuna.trial.TrialState.COMPLETE, "failed": optuna.trial.TrialState.FAIL}
for trial in study.trials:
    row = rows[trial.user_attrs["variant"], trial.params["seed"]]
    assert trial.state == states[row["status"]], trial
    if row["status"] == "done":
        assert trial.values == [row["figures"][name] for name in ("testAccuracy", "bytes", "macs")], trial
    else:
        assert trial.user_attrs["error"] == row["error"], trial
    labels = next(v["labels"] for v in results["variants"] if v["variant"] == row["variant"])
    # A factor whose labels are all numbers is one.
    given = {axis: type(trial.params[axis])(label) for axis, label in labels.items()}
    assert {**given, "seed": row["seed"]} == trial.params, trial.params
ended = [row for row in results["trials"] if row["status"] in states]
assert len(study.trials) == len(ended), (len(study.trials), len(ended))
print(
    json.dumps(
        {
            "optuna": optuna.__version__,
            "study": study.study_name,
            "trials": Counter(trial.state.name for trial in study.trials),
            "front": len(study.best_trials),
        }
    )
)
