"""The default experiment's iteration in JAX: a script for an environment of JAX's own.

python jax_way.py INPUTS.npz OUTPUTS.npz LOOP SECONDS

It imports nothing of ours. INPUTS holds the initial values by our variables' names, a chunk of
minibatches (real [K, batch, 2], latent [K, batch, z]), both learning rates, look-ahead steps, and
how many iterations are to be compared. Writes the parameters after these, and prints iterations a
second of the whole chunk, trained again and again over about so many seconds. LOOP: fori_loop or
scan.
"""

import sys
import time
from typing import Any, Callable, Dict, List, Tuple

import jax
import numpy as np
from jax import lax
from jax import numpy as jnp

State = Tuple[Any, Any, Any]
"""Generator, discriminator, and the sums of both losses."""


def apply(parameters: List[Any], inputs: Any) -> Any:
    """Hidden layers of tanh, a linear last one; kernels and biases in turn."""
    *hidden, kernel, bias = parameters
    for own_kernel, own_bias in zip(hidden[::2], hidden[1::2]):
        inputs = jnp.tanh(inputs @ own_kernel + own_bias)
    return inputs @ kernel + bias


def iteration_of(given: Dict[str, Any]) -> Callable[[State, Any, Any], State]:
    """One iteration: the discriminator's step, its look-ahead, the generator's step."""
    d_rate, g_rate = float(given["d_learning_rate"]), float(given["g_learning_rate"])
    steps = int(given["unrolling_steps"])
    half = given["real"].shape[1]
    signs = jnp.array([-1.0] * half + [1.0] * half)
    shift, scale = given["scaling/shift"], given["scaling/scale"]

    def iteration(state: State, real: Any, latent: Any) -> State:
        generator, discriminator, (d_sum, g_sum) = state
        points, back = jax.vjp(lambda parameters: apply(parameters, latent), generator)
        both = jnp.concatenate([(real - shift) / scale, points])

        def d_loss(parameters: List[Any]) -> Any:
            return 2.0 * jnp.mean(jax.nn.softplus(signs * apply(parameters, both)[:, 0]))

        def d_step(parameters: List[Any]) -> Tuple[Any, List[Any]]:
            loss, gradients = jax.value_and_grad(d_loss)(parameters)
            return loss, [p - d_rate * g for p, g in zip(parameters, gradients)]

        loss, discriminator = d_step(discriminator)
        ahead = discriminator
        for _ in range(steps):
            ahead = d_step(ahead)[1]

        # As published, no gradient flows through the look-ahead.
        def g_loss(points: Any) -> Any:
            return -jnp.mean(jax.nn.softplus(apply(ahead, points)[:, 0]))

        of_generator, by_point = jax.value_and_grad(g_loss)(points)
        (gradients,) = back(by_point)
        generator = [p - g_rate * g for p, g in zip(generator, gradients)]
        return generator, discriminator, (d_sum + loss, g_sum + of_generator)

    return iteration


def loop_of(iteration: Callable[[State, Any, Any], State], loop: str) -> Callable:
    """Compiled: a chunk of iterations."""

    def by_index(state: State, real: Any, latent: Any) -> State:
        def one(index: Any, state: State) -> State:
            return iteration(state, real[index], latent[index])

        return lax.fori_loop(0, len(real), one, state)

    def by_scan(state: State, real: Any, latent: Any) -> State:
        return lax.scan(lambda s, batch: (iteration(s, *batch), None), state, (real, latent))[0]

    return jax.jit({"fori_loop": by_index, "scan": by_scan}[loop])


def main(inputs: str, outputs: str, loop: str, seconds: float) -> None:
    """Trains, writes and prints."""
    given = dict(np.load(inputs))
    names = [
        [f"{scope}/layer{n}/{part}" for n in range(3) for part in ("kernel", "bias")]
        for scope in ("generator", "discriminator")
    ]
    generator, discriminator = ([given[name] for name in own] for own in names)
    start = (generator, discriminator, (np.float32(0), np.float32(0)))
    train = loop_of(iteration_of(given), loop)

    compared = int(given["compared"])
    came_to = train(start, given["real"][:compared], given["latent"][:compared])
    np.savez(outputs, **dict(zip(names[0] + names[1], came_to[0] + came_to[1])))

    real, latent = jax.device_put(given["real"]), jax.device_put(given["latent"])
    state = jax.block_until_ready(train(start, real, latent))  # compiles
    began, done = time.perf_counter(), 0
    while time.perf_counter() - began < seconds:
        state = jax.block_until_ready(train(state, real, latent))
        done += len(real)
    print(done / (time.perf_counter() - began))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], float(sys.argv[4]))
