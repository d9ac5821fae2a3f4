"""The rarer optimizers with torch's formulas, on Keras' own where it has one with the same slots."""

import tensorflow as tf

from transpile.support.optimizers import one_minus_power


class Adamax(tf.keras.optimizers.Adamax):
    """torch.optim.Adamax: epsilon is added before the maximum is taken, the decay is part of the gradient."""

    def __init__(
        self, learning_rate=0.002, beta_1=0.9, beta_2=0.999, epsilon=1e-8, weight_decay=0.0, **kwargs
    ):
        super().__init__(learning_rate, beta_1, beta_2, epsilon, **kwargs)
        self.added_decay = weight_decay

    def update_step(self, gradient, variable, learning_rate):
        gradient = gradient + self.added_decay * variable
        i = self._get_variable_index(variable)
        mean, largest = self._m[i], self._u[i]
        mean.assign(mean + (1.0 - self.beta_1) * (gradient - mean))
        largest.assign(tf.maximum(self.beta_2 * largest, tf.abs(gradient) + self.epsilon))
        rate = learning_rate / one_minus_power(self.beta_1, self.iterations + 1)
        variable.assign_sub(rate * mean / largest)


class Adadelta(tf.keras.optimizers.Adadelta):
    """torch.optim.Adadelta: the decay is part of the gradient."""

    def __init__(self, learning_rate=1.0, rho=0.9, epsilon=1e-6, weight_decay=0.0, **kwargs):
        super().__init__(learning_rate, rho, epsilon, **kwargs)
        self.added_decay = weight_decay

    def update_step(self, gradient, variable, learning_rate):
        super().update_step(gradient + self.added_decay * variable, variable, learning_rate)


class NAdam(tf.keras.optimizers.Nadam):
    """torch.optim.NAdam: the momentum's schedule is slowed by `momentum_decay`, and epsilon is added last."""

    def __init__(
        self,
        learning_rate=0.002,
        beta_1=0.9,
        beta_2=0.999,
        epsilon=1e-8,
        weight_decay=0.0,
        momentum_decay=4e-3,
        decoupled_weight_decay=False,
        **kwargs,
    ):
        super().__init__(learning_rate, beta_1, beta_2, epsilon, **kwargs)
        self.added_decay, self.momentum_decay = weight_decay, momentum_decay
        self.decoupled_weight_decay = decoupled_weight_decay

    def momentum_at(self, step):
        """The momentum of a step, which grows towards beta_1."""
        power = tf.pow(0.96, tf.cast(step, tf.float32) * self.momentum_decay)
        return self.beta_1 * (1.0 - 0.5 * power)

    def _backend_update_step(self, grads, trainable_variables, learning_rate):
        self._u_product.assign(self._u_product * self.momentum_at(self.iterations + 1))
        tf.keras.optimizers.Optimizer._backend_update_step(self, grads, trainable_variables, learning_rate)

    def update_step(self, gradient, variable, learning_rate):
        if self.decoupled_weight_decay:
            variable.assign(variable * (1.0 - learning_rate * self.added_decay))
        else:
            gradient = gradient + self.added_decay * variable
        i, step = self._get_variable_index(variable), self.iterations + 1
        mean, square = self._momentums[i], self._velocities[i]
        mean.assign(mean + (1.0 - self.beta_1) * (gradient - mean))
        square.assign(self.beta_2 * square + (1.0 - self.beta_2) * gradient * gradient)
        size = tf.sqrt(square / one_minus_power(self.beta_2, step)) + self.epsilon
        now, then = self.momentum_at(step), self.momentum_at(step + 1)
        product = tf.convert_to_tensor(self._u_product)
        moved = (1.0 - now) / (1.0 - product) * gradient + then / (1.0 - product * then) * mean
        variable.assign_sub(learning_rate * moved / size)


class RAdam(tf.keras.optimizers.Adam):
    """torch.optim.RAdam: without the adaptive rate for as long as the variance is not known well."""

    def __init__(
        self,
        learning_rate=0.001,
        beta_1=0.9,
        beta_2=0.999,
        epsilon=1e-8,
        weight_decay=0.0,
        decoupled_weight_decay=False,
        **kwargs,
    ):
        super().__init__(learning_rate, beta_1, beta_2, epsilon, **kwargs)
        self.added_decay, self.decoupled_weight_decay = weight_decay, decoupled_weight_decay

    def update_step(self, gradient, variable, learning_rate):
        if self.decoupled_weight_decay:
            variable.assign(variable * (1.0 - learning_rate * self.added_decay))
        else:
            gradient = gradient + self.added_decay * variable
        i, step = self._get_variable_index(variable), self.iterations + 1
        mean, square = self._momentums[i], self._velocities[i]
        mean.assign(mean + (1.0 - self.beta_1) * (gradient - mean))
        square.assign(self.beta_2 * square + (1.0 - self.beta_2) * gradient * gradient)
        left = one_minus_power(self.beta_2, step)
        longest = 2.0 / (1.0 - self.beta_2) - 1.0
        length = longest - 2.0 * tf.cast(step, tf.float32) * (1.0 - left) / left
        known = tf.maximum(length, 5.0)
        ratio = (known - 4.0) * (known - 2.0) * longest / ((longest - 4.0) * (longest - 2.0) * known)
        adapted = tf.sqrt(ratio * left) / (tf.sqrt(square) + self.epsilon)
        rate = tf.where(length > 5.0, adapted, 1.0)
        variable.assign_sub(learning_rate * mean / one_minus_power(self.beta_1, step) * rate)


class Rprop(tf.keras.optimizers.Optimizer):
    """torch.optim.Rprop: by the signs of the gradients alone."""

    def __init__(self, learning_rate=0.01, etas=(0.5, 1.2), step_sizes=(1e-6, 50.0), **kwargs):
        super().__init__(learning_rate, name=kwargs.pop("name", "rprop"), **kwargs)
        self.etas, self.step_sizes = tuple(etas), tuple(step_sizes)

    def build(self, variables):
        """Makes the slots: the gradients of the last step, and how far each element goes."""
        if not self.built:
            super().build(variables)
            self.previous, self.sizes = self.add_optimizer_variables(variables, ["previous", "size"])
            for size in self.sizes:
                size.assign(tf.fill(size.shape, tf.cast(self.learning_rate, size.dtype)))

    def update_step(self, gradient, variable, learning_rate):
        i = self._get_variable_index(variable)
        previous, size = self.previous[i], self.sizes[i]
        turned = tf.sign(gradient * previous)
        factor = tf.where(turned > 0, self.etas[1], tf.where(turned < 0, self.etas[0], 1.0))
        size.assign(tf.clip_by_value(size * factor, *self.step_sizes))
        gradient = tf.where(turned < 0, 0.0, gradient)
        variable.assign_sub(tf.sign(gradient) * size)
        previous.assign(gradient)


class ASGD(tf.keras.optimizers.Optimizer):
    """torch.optim.ASGD; the averages of the weights are its slots."""

    def __init__(self, learning_rate=0.01, lambd=1e-4, alpha=0.75, t0=1e6, weight_decay=0.0, **kwargs):
        super().__init__(learning_rate, name=kwargs.pop("name", "asgd"), **kwargs)
        self.lambd, self.alpha, self.t0, self.added_decay = lambd, alpha, t0, weight_decay

    def build(self, variables):
        """Makes the averages."""
        if not self.built:
            super().build(variables)
            (self.averages,) = self.add_optimizer_variables(variables, ["average"])

    def update_step(self, gradient, variable, learning_rate):
        done = tf.cast(self.iterations, tf.float32)
        rate = tf.where(
            done == 0,
            learning_rate,
            learning_rate / tf.pow(1.0 + self.lambd * learning_rate * done, self.alpha),
        )
        gradient = gradient + self.added_decay * variable
        variable.assign(variable * (1.0 - self.lambd * rate) - rate * gradient)
        average = self.averages[self._get_variable_index(variable)]
        share = 1.0 / tf.maximum(1.0, done - self.t0)
        average.assign(average + share * (variable - average))
