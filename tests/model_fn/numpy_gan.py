"""The published iteration rewritten in plain NumPy, in float64; tests only."""

import numpy as np

from model_fn.settings import activation


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


class NumpyNetwork:
    """A fully connected network with its gradient by hand, in float64."""

    def __init__(self, values, scope, activation):
        names = [f"{scope}/layer{i}/{part}" for i in range(3) for part in ("kernel", "bias")]
        self.names = names
        self.parameters = [values[name].astype(np.float64) for name in names]
        self.activation = activation

    def copy(self):
        twin = NumpyNetwork.__new__(NumpyNetwork)
        twin.names, twin.activation = self.names, self.activation
        twin.parameters = [p.copy() for p in self.parameters]
        return twin

    def forward(self, x):
        self.inputs, self.outputs = [], []
        for i in range(0, 6, 2):
            self.inputs.append(x)
            x = x @ self.parameters[i] + self.parameters[i + 1]
            if i < 4:
                x = np.tanh(x) if self.activation == "tanh" else np.maximum(x, 0)
            self.outputs.append(x)
        return x

    def backward(self, gradient):
        """Gradients of the parameters, and of the input, from that of the output."""
        gradients = [None] * 6
        for layer in (2, 1, 0):
            if layer < 2:
                out = self.outputs[layer]
                gradient = gradient * ((1 - out**2) if self.activation == "tanh" else (out > 0))
            gradients[2 * layer] = self.inputs[layer].T @ gradient
            gradients[2 * layer + 1] = gradient.sum(axis=0)
            gradient = gradient @ self.parameters[2 * layer].T
        return gradients, gradient


class NumpyOptimizer:
    def __init__(self, kind, rate, beta1):
        self.kind, self.rate, self.beta1, self.t, self.m, self.v = kind, rate, beta1, 0, None, None

    def copy(self):
        twin = NumpyOptimizer(self.kind, self.rate, self.beta1)
        twin.t = self.t
        if self.m:
            twin.m, twin.v = [m.copy() for m in self.m], [v.copy() for v in self.v]
        return twin

    def step(self, parameters, gradients):
        self.t += 1
        if self.kind == "sgd":
            return [p - self.rate * g for p, g in zip(parameters, gradients)]
        self.m = self.m or [np.zeros_like(p) for p in parameters]
        self.v = self.v or [np.zeros_like(p) for p in parameters]
        self.m = [self.beta1 * m + (1 - self.beta1) * g for m, g in zip(self.m, gradients)]
        self.v = [0.999 * v + 0.001 * g**2 for v, g in zip(self.v, gradients)]
        rate = self.rate * np.sqrt(1 - 0.999**self.t) / (1 - self.beta1**self.t)
        return [p - rate * m / (np.sqrt(v) + 1e-8) for p, m, v in zip(parameters, self.m, self.v)]


class NumpyGan:
    """The published iteration, a step at a time, with a copied discriminator."""

    def __init__(self, values, settings, optimizer):
        kind = activation("auto", settings.unrolled)
        self.g, self.d = (NumpyNetwork(values, s, kind) for s in ("generator", "discriminator"))
        self.settings = settings
        self.d_opt = NumpyOptimizer(
            optimizer.optimizer, settings.d_learning_rate, optimizer.adam_beta1
        )
        self.g_opt = NumpyOptimizer(
            optimizer.optimizer, settings.g_learning_rate, optimizer.adam_beta1
        )

    @staticmethod
    def update_d(network, optimizer, real, fake):
        n = len(real)
        real_gradients, _ = network.backward(-sigmoid(-network.forward(real)) / n)
        fake_gradients, _ = network.backward(sigmoid(network.forward(fake)) / n)
        total = [a + b for a, b in zip(real_gradients, fake_gradients)]
        network.parameters = optimizer.step(network.parameters, total)

    def iterate(self, real, latent):
        real, latent = real.astype(np.float64), latent.astype(np.float64)
        for _ in range(self.settings.d_steps):
            self.update_d(self.d, self.d_opt, real, self.g.forward(latent))
        ahead, optimizer = self.d.copy(), self.d_opt.copy()
        for _ in range(self.settings.unrolling_steps if self.settings.unrolled else 0):
            self.update_d(ahead, optimizer, real, self.g.forward(latent))
        for _ in range(self.settings.g_steps):
            logits = ahead.forward(self.g.forward(latent))
            if self.settings.objective == "JS":
                gradient = -sigmoid(logits) / len(latent)
            else:
                gradient = -sigmoid(-logits) / len(latent)
            _, to_points = ahead.backward(gradient)
            gradients, _ = self.g.backward(to_points)
            self.g.parameters = self.g_opt.step(self.g.parameters, gradients)
