"""GAN losses from logits, in nats."""

import tensorflow as tf


def discriminator_loss(logits: tf.Tensor) -> tf.Tensor:
    """Cross-entropy of telling real (1) from generated (0) points.

    Goodfellow et al. (arXiv 1406.2661), Section 3: -E log D(x) - E log(1 - D(G(z))), with
    -log sigmoid(l) = softplus(-l) and -log(1 - sigmoid(l)) = softplus(l).

    Args:
      logits: [2 batch], of the real points, then of as many generated ones.

    Returns:
      A scalar; 2 log 2 where the logits are 0.
    """
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
