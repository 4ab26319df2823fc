"""Updates per second of DDPG in PyTorch, as plugins/agent-ddpg makes them: see bench/agents/rate.ts, which runs this."""
import json
import sys
import time

import torch
from torch import nn

OBSERVATIONS, ACTIONS, BATCH, MEMORY = 11, 1, 64, 5000
WARM, ROUNDS, UPDATES = 30, 5, 60


def network(inputs, *end):
    return nn.Sequential(nn.Linear(inputs, 300), nn.ReLU(), nn.Linear(300, 300), nn.ReLU(), nn.Linear(300, 1), *end)


def main(threads):
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    actor, actor_target = network(OBSERVATIONS, nn.Sigmoid()), network(OBSERVATIONS, nn.Sigmoid())
    critic, critic_target = network(OBSERVATIONS + ACTIONS), network(OBSERVATIONS + ACTIONS)
    actor_adam = torch.optim.Adam(actor.parameters(), lr=1e-4)
    critic_adam = torch.optim.Adam(critic.parameters(), lr=1e-3)
    memory = torch.rand(MEMORY, 2 * OBSERVATIONS + ACTIONS + 2)
    memory[:, -1] = (memory[:, -1] > 0.1).float()

    def update():
        rows = memory[torch.randint(MEMORY, (BATCH,))]
        before, action, reward, after, more = rows.split([OBSERVATIONS, ACTIONS, 1, OBSERVATIONS, 1], dim=1)
        with torch.no_grad():
            target = reward - reward.mean() + more * critic_target(torch.cat([after, actor_target(after)], 1))
        critic_adam.zero_grad()
        nn.functional.mse_loss(critic(torch.cat([before, action], 1)), target).backward()
        critic_adam.step()
        actor_adam.zero_grad()
        (-critic(torch.cat([before, actor(before)], 1)).mean()).backward()
        actor_adam.step()
        with torch.no_grad():
            for slow, fast in ((actor_target, actor), (critic_target, critic)):
                torch._foreach_lerp_(list(slow.parameters()), list(fast.parameters()), 0.01)

    for _ in range(WARM):
        update()
    rates, cpu = [], []
    for _ in range(ROUNDS):
        wall, busy = time.perf_counter(), time.process_time()
        for _ in range(UPDATES):
            update()
        rates.append(UPDATES / (time.perf_counter() - wall))
        cpu.append(UPDATES / (time.process_time() - busy))
    print(json.dumps({"torch": torch.__version__, "threads": threads, "updatesPerSecond": rates, "updatesPerCpuSecond": cpu}))


main(int(sys.argv[1]))
