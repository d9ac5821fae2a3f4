"""Optimizers with torch's formulas, on Keras' own: the same slots, so that a checkpoint of either fits the other.

SGD and RMSprop keep their momentum as torch does, not multiplied by the learning rate as Keras does.
"""

import tensorflow as tf


def one_minus_power(base, step):
    """1 - base ** step in double precision: close to 1 a float32 has few digits of it left."""
    power = tf.pow(tf.constant(base, tf.float64), tf.cast(step, tf.float64))
    return tf.cast(1.0 - power, tf.float32)


class SGD(tf.keras.optimizers.SGD):
    """torch.optim.SGD: the decay is part of the gradient, and of the momentum."""

    def __init__(
        self, learning_rate=0.001, momentum=0.0, dampening=0.0, weight_decay=0.0, nesterov=False, **kwargs
    ):
        super().__init__(learning_rate, momentum=float(momentum), nesterov=nesterov, **kwargs)
        self.dampening, self.added_decay = dampening, weight_decay

    def update_step(self, gradient, variable, learning_rate):
        gradient = gradient + self.added_decay * variable
        if self.momentum:
            buffer = self.momentums[self._get_variable_index(variable)]
            share = tf.where(
                self.iterations == 0, 1.0, 1.0 - self.dampening
            )  # torch's first step is not damped
            buffer.assign(self.momentum * buffer + share * gradient)
            gradient = gradient + self.momentum * buffer if self.nesterov else buffer
        variable.assign_sub(learning_rate * gradient)


class Adam(tf.keras.optimizers.Adam):
    """torch.optim.Adam: epsilon is added after the correction of the bias, the decay is part of the gradient."""

    def __init__(
        self,
        learning_rate=0.001,
        beta_1=0.9,
        beta_2=0.999,
        epsilon=1e-8,
        weight_decay=0.0,
        amsgrad=False,
        **kwargs,
    ):
        super().__init__(learning_rate, beta_1, beta_2, epsilon, amsgrad, **kwargs)
        self.added_decay = weight_decay

    def update_step(self, gradient, variable, learning_rate):
        gradient = gradient + self.added_decay * variable
        i = self._get_variable_index(variable)
        mean, square = self._momentums[i], self._velocities[i]
        mean.assign(mean + (1.0 - self.beta_1) * (gradient - mean))
        square.assign(self.beta_2 * square + (1.0 - self.beta_2) * gradient * gradient)
        step = self.iterations + 1
        if self.amsgrad:
            self._velocity_hats[i].assign(tf.maximum(self._velocity_hats[i], square))
            square = self._velocity_hats[i]
        size = tf.sqrt(square) / tf.sqrt(one_minus_power(self.beta_2, step)) + self.epsilon
        variable.assign_sub(learning_rate / one_minus_power(self.beta_1, step) * mean / size)


class AdamW(Adam):
    """torch.optim.AdamW: the decay is apart from the gradient."""

    def __init__(
        self,
        learning_rate=0.001,
        beta_1=0.9,
        beta_2=0.999,
        epsilon=1e-8,
        weight_decay=0.01,
        amsgrad=False,
        **kwargs,
    ):
        super().__init__(learning_rate, beta_1, beta_2, epsilon, 0.0, amsgrad, **kwargs)
        self.apart_decay = weight_decay

    def update_step(self, gradient, variable, learning_rate):
        variable.assign(variable * (1.0 - learning_rate * self.apart_decay))
        super().update_step(gradient, variable, learning_rate)


class RMSprop(tf.keras.optimizers.RMSprop):
    """torch.optim.RMSprop: epsilon stands outside of the root."""

    def __init__(
        self,
        learning_rate=0.01,
        rho=0.99,
        epsilon=1e-8,
        weight_decay=0.0,
        momentum=0.0,
        centered=False,
        **kwargs,
    ):
        super().__init__(learning_rate, rho, float(momentum), epsilon, centered, **kwargs)
        self.added_decay = weight_decay

    def update_step(self, gradient, variable, learning_rate):
        gradient = gradient + self.added_decay * variable
        i = self._get_variable_index(variable)
        square = self._velocities[i]
        square.assign(self.rho * square + (1.0 - self.rho) * gradient * gradient)
        centre = 0.0
        if self.centered:
            average = self._average_gradients[i]
            average.assign(average + (1.0 - self.rho) * (gradient - average))
            centre = average * average
        scaled = gradient / (tf.sqrt(square - centre) + self.epsilon)
        if self.momentum > 0:
            buffer = self._momentums[i]
            buffer.assign(self.momentum * buffer + scaled)
            scaled = tf.convert_to_tensor(buffer)
        variable.assign_sub(learning_rate * scaled)


class Adagrad(tf.keras.optimizers.Adagrad):
    """torch.optim.Adagrad: epsilon stands outside of the root, and the learning rate may decay."""

    def __init__(
        self,
        learning_rate=0.01,
        lr_decay=0.0,
        weight_decay=0.0,
        initial_accumulator_value=0.0,
        epsilon=1e-10,
        **kwargs,
    ):
        super().__init__(learning_rate, initial_accumulator_value, epsilon, **kwargs)
        self.lr_decay, self.added_decay = lr_decay, weight_decay

    def update_step(self, gradient, variable, learning_rate):
        gradient = gradient + self.added_decay * variable
        total = self._accumulators[self._get_variable_index(variable)]
        total.assign_add(gradient * gradient)
        rate = learning_rate / (1.0 + tf.cast(self.iterations, tf.float32) * self.lr_decay)
        variable.assign_sub(rate * gradient / (tf.sqrt(total) + self.epsilon))
