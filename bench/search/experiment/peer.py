"""CMA-ES (cma 4.5.0), TPE and Gaussian-process optimization (optuna 5.0.0, torch for gp), over pipes.

  python peer.py cma|tpe|gp SIZE SEED

Reads one JSON object a line. {"ask": true} is answered with a list of SIZE numbers in 0..1, in the order of the
questions; {"x": [...], "reward": number} tells what was carried out. What is told first, before any question, is
the policy of a heuristic: CMA-ES begins at it, the others learn from it. All maximize.
  pip install cma==4.5.0 optuna==5.0.0 torch scipy
"""
import json
import sys
import warnings

warnings.filterwarnings("ignore")
name, size, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])


class Cma:
    """Generations of cma's own size around the heuristic, deviation 0.1 of the range."""

    def __init__(self):
        self.strategy, self.open, self.told = None, [], []

    def ask(self):
        if not self.open:
            self.open = [list(map(float, x)) for x in self.strategy.ask()]
        return self.open.pop(0)

    def tell(self, x, reward):
        import cma

        if self.strategy is None:
            start = [min(0.999, max(0.001, value)) for value in x]
            options = {"bounds": [0, 1], "seed": seed, "verbose": -9, "verb_log": 0}
            self.strategy = cma.CMAEvolutionStrategy(start, 0.1, options)
            return
        self.told.append((x, -reward))
        if not self.open:
            self.strategy.tell([each for each, _ in self.told], [loss for _, loss in self.told])
            self.told = []


class Optuna:
    """A study with fixed distributions; a quarter of 40 evaluations are drawn before the model is used."""

    def __init__(self, sampler):
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self.optuna = optuna
        self.names = [f"x{i:03d}" for i in range(size)]
        self.space = {each: optuna.distributions.FloatDistribution(0, 1) for each in self.names}
        self.study = optuna.create_study(direction="maximize", sampler=sampler(optuna))
        self.trial = None

    def ask(self):
        self.trial = self.study.ask(self.space)
        return [self.trial.params[each] for each in self.names]

    def tell(self, x, reward):
        if self.trial is not None:
            self.study.tell(self.trial, reward)
            self.trial = None
            return
        params = dict(zip(self.names, x))
        self.study.add_trial(
            self.optuna.trial.create_trial(params=params, distributions=self.space, value=reward)
        )


peers = {
    "cma": Cma,
    "tpe": lambda: Optuna(lambda o: o.samplers.TPESampler(seed=seed, multivariate=True, n_startup_trials=10)),
    "gp": lambda: Optuna(lambda o: o.samplers.GPSampler(seed=seed, n_startup_trials=10)),
}
peer = peers[name]()
for line in sys.stdin:
    message = json.loads(line)
    if "ask" in message:
        print(json.dumps(peer.ask()), flush=True)
    else:
        peer.tell(message["x"], message["reward"])
