"""GAN losses from logits, in nats."""

import tensorflow as tf


def discriminator_loss(logits: tf.Tensor, objective: str = "JS") -> tf.Tensor:
    """Cross-entropy of telling real (1) from generated (0) points, or real from generated in pairs.

    Goodfellow et al. (arXiv 1406.2661), Section 3: -E log D(x) - E log(1 - D(G(z))), with
    -log sigmoid(l) = softplus(-l) and -log(1 - sigmoid(l)) = softplus(l).

    Args:
      logits: [2 batch], of the real points, then of as many generated ones.
      objective: "relativistic" for pairs; any other for the cross-entropy.

    Returns:
      A scalar; where the logits are 0, 2 log 2, or log 2 for pairs.
    """
    if objective == "relativistic":
        return relativistic_loss(logits)
    # One signed vector: the gradient is one elementwise kernel, with nothing to split and join.
    half = logits.shape.as_list()[0] // 2
    signs = tf.constant([-1.0] * half + [1.0] * half)
    return 2.0 * tf.reduce_mean(tf.nn.softplus(signs * logits))


def generator_loss(generated_logits: tf.Tensor, objective: str) -> tf.Tensor:
    """What the generator minimises.

    "JS": the discriminator's loss on generated points with its sign turned, E log(1 - D(G(z)));
    its loss on real points does not depend on the generator. "JS_modified": the non-saturating
    -E log D(G(z)) (Goodfellow et al., Section 3).

    Args:
      generated_logits: [batch].
      objective: "JS" or "JS_modified".

    Returns:
      A scalar.
    """
    if objective == "JS":
        return -tf.reduce_mean(tf.nn.softplus(generated_logits))
    return tf.reduce_mean(tf.nn.softplus(-generated_logits))


def relativistic_loss(logits: tf.Tensor) -> tf.Tensor:
    """How far the first half's logits fail to lie above the second half's, pair by pair.

    Jolicoeur-Martineau (arXiv 1807.00734), Section 4.1: -E log sigmoid(l_1 - l_2). A generator that
    gives up a mode has no logit of its own to gain by it: each real point counts.

    Args:
      logits: [2 batch]; for the discriminator of real, then generated points, for the generator
        the other way round.

    Returns:
      A scalar; log 2 where the logits are equal.
    """
    half = logits.shape.as_list()[0] // 2
    return tf.reduce_mean(tf.nn.softplus(logits[half:] - logits[:half]))


def gradient_penalty(logits: tf.Tensor, points: tf.Tensor) -> tf.Tensor:
    """The squared slope of the logits at real and generated points, half of it at each.

    Mescheder et al. (arXiv 1801.04406), equations 9 and 10, R1 + R2: it keeps training from
    running in circles, and a discriminator from learning few points by heart.

    Args:
      logits: [2 batch].
      points: [2 batch, d] that they are of, real, then generated.

    Returns:
      A scalar, (E |grad|^2 over the real ones + E |grad|^2 over the generated ones) / 2.
    """
    (slopes,) = tf.gradients(tf.reduce_sum(logits), points)
    return tf.reduce_mean(tf.reduce_sum(tf.square(slopes), axis=1))
