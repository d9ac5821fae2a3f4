"""Learning rates over time: each step() sets the rate of a Keras optimizer, as torch's schedulers do."""

import bisect
import math

import tensorflow as tf


def rate_of(optimizer):
    """The learning rate as a number."""
    return float(tf.convert_to_tensor(optimizer.learning_rate))


class LRScheduler:
    """torch.optim.lr_scheduler.LRScheduler: `get_lr` gives the rate of `last_epoch` from that of the epoch before."""

    def __init__(self, optimizer, last_epoch=-1):
        self.optimizer, self.last_epoch = optimizer, last_epoch
        if not hasattr(optimizer, "initial_rate"):
            optimizer.initial_rate = rate_of(optimizer)
        self.base_lrs = [optimizer.initial_rate]
        self.begin()

    def begin(self):
        """The first step, which does not count."""
        self.is_initial = True
        self.step()
        self.is_initial = False

    @property
    def rate(self):
        return rate_of(self.optimizer)

    def step(self, epoch=None):
        """One epoch more, or the given one."""
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
        self.optimizer.learning_rate = self.get_lr()[0] if epoch is None else self.restarted()

    def restarted(self):
        """The rate of an epoch that does not follow the one before."""
        return self.get_lr()[0]

    def get_last_lr(self):
        """The rate that was set last, in a list."""
        return [self.rate]

    def state_dict(self):
        """What is needed to go on."""
        return {k: v for k, v in vars(self).items() if k not in ("optimizer", "lr_lambda", "schedulers")}

    def load_state_dict(self, state_dict):
        """Goes on from a state."""
        vars(self).update(state_dict)


class LambdaLR(LRScheduler):
    """torch.optim.lr_scheduler.LambdaLR."""

    def __init__(self, optimizer, lr_lambda, last_epoch=-1):
        self.lr_lambda = lr_lambda[0] if isinstance(lr_lambda, (list, tuple)) else lr_lambda
        super().__init__(optimizer, last_epoch)

    def get_lr(self):
        return [self.base_lrs[0] * self.lr_lambda(self.last_epoch)]


class MultiplicativeLR(LambdaLR):
    """torch.optim.lr_scheduler.MultiplicativeLR."""

    def get_lr(self):
        return [self.rate if self.is_initial else self.rate * self.lr_lambda(self.last_epoch)]


class StepLR(LRScheduler):
    """torch.optim.lr_scheduler.StepLR."""

    def __init__(self, optimizer, step_size, gamma=0.1, last_epoch=-1):
        self.step_size, self.gamma = step_size, gamma
        super().__init__(optimizer, last_epoch)

    def get_lr(self):
        stays = self.last_epoch == 0 or self.last_epoch % self.step_size != 0
        return [self.rate if stays else self.rate * self.gamma]

    def restarted(self):
        return self.base_lrs[0] * self.gamma ** (self.last_epoch // self.step_size)


class MultiStepLR(LRScheduler):
    """torch.optim.lr_scheduler.MultiStepLR."""

    def __init__(self, optimizer, milestones, gamma=0.1, last_epoch=-1):
        self.milestones, self.gamma = sorted(milestones), gamma
        super().__init__(optimizer, last_epoch)

    def get_lr(self):
        return [self.rate * self.gamma ** self.milestones.count(self.last_epoch)]

    def restarted(self):
        return self.base_lrs[0] * self.gamma ** bisect.bisect_right(self.milestones, self.last_epoch)


class ConstantLR(LRScheduler):
    """torch.optim.lr_scheduler.ConstantLR."""

    def __init__(self, optimizer, factor=1.0 / 3, total_iters=5, last_epoch=-1):
        self.factor, self.total_iters = factor, total_iters
        super().__init__(optimizer, last_epoch)

    def get_lr(self):
        if self.last_epoch == 0:
            return [self.rate * self.factor]
        return [self.rate / self.factor if self.last_epoch == self.total_iters else self.rate]

    def restarted(self):
        return self.base_lrs[0] * (1.0 if self.last_epoch >= self.total_iters else self.factor)


class LinearLR(LRScheduler):
    """torch.optim.lr_scheduler.LinearLR."""

    def __init__(self, optimizer, start_factor=1.0 / 3, end_factor=1.0, total_iters=5, last_epoch=-1):
        self.start_factor, self.end_factor, self.total_iters = start_factor, end_factor, total_iters
        super().__init__(optimizer, last_epoch)

    def factor_at(self, epoch):
        """By what the rate is multiplied."""
        share = min(self.total_iters, epoch) / self.total_iters
        return self.start_factor + (self.end_factor - self.start_factor) * share

    def get_lr(self):
        if self.last_epoch == 0:
            return [self.rate * self.start_factor]
        if self.is_initial or self.last_epoch > self.total_iters:
            return [self.rate]
        return [self.rate * self.factor_at(self.last_epoch) / self.factor_at(self.last_epoch - 1)]

    def restarted(self):
        return self.base_lrs[0] * self.factor_at(self.last_epoch)


class ExponentialLR(LRScheduler):
    """torch.optim.lr_scheduler.ExponentialLR."""

    def __init__(self, optimizer, gamma, last_epoch=-1):
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def get_lr(self):
        return [self.rate if self.is_initial else self.rate * self.gamma]

    def restarted(self):
        return self.base_lrs[0] * self.gamma**self.last_epoch


class CosineAnnealingLR(LRScheduler):
    """torch.optim.lr_scheduler.CosineAnnealingLR."""

    def __init__(self, optimizer, T_max, eta_min=0.0, last_epoch=-1):
        self.T_max, self.eta_min = T_max, eta_min
        super().__init__(optimizer, last_epoch)

    def get_lr(self):
        if self.is_initial:
            return [self.rate]
        if (self.last_epoch - 1 - self.T_max) % (2 * self.T_max) == 0:
            return [self.rate + (self.base_lrs[0] - self.eta_min) * (1 - math.cos(math.pi / self.T_max)) / 2]
        now, before = (1 + math.cos(math.pi * (self.last_epoch - i) / self.T_max) for i in (0, 1))
        return [now / before * (self.rate - self.eta_min) + self.eta_min]

    def restarted(self):
        half = (1 + math.cos(math.pi * self.last_epoch / self.T_max)) / 2
        return self.eta_min + (self.base_lrs[0] - self.eta_min) * half


class PolynomialLR(LRScheduler):
    """torch.optim.lr_scheduler.PolynomialLR."""

    def __init__(self, optimizer, total_iters=5, power=1.0, last_epoch=-1):
        self.total_iters, self.power = total_iters, power
        super().__init__(optimizer, last_epoch)

    def get_lr(self):
        if self.is_initial or self.last_epoch > self.total_iters:
            return [self.rate]
        now, before = (1.0 - (self.last_epoch - i) / self.total_iters for i in (0, 1))
        return [self.rate * (now / before) ** self.power]

    def restarted(self):
        left = 1.0 - min(self.total_iters, self.last_epoch) / self.total_iters
        return self.base_lrs[0] * left**self.power


class CosineAnnealingWarmRestarts(LRScheduler):
    """torch.optim.lr_scheduler.CosineAnnealingWarmRestarts."""

    def __init__(self, optimizer, T_0, T_mult=1, eta_min=0.0, last_epoch=-1):
        self.T_0, self.T_i, self.T_mult, self.eta_min, self.T_cur = T_0, T_0, T_mult, eta_min, last_epoch
        super().__init__(optimizer, last_epoch)

    def get_lr(self):
        half = (1 + math.cos(math.pi * self.T_cur / self.T_i)) / 2
        return [self.eta_min + (self.base_lrs[0] - self.eta_min) * half]

    def step(self, epoch=None):
        """One epoch more, or the given one, which may be a fraction."""
        if epoch is None:
            epoch, self.T_cur = self.last_epoch + 1, self.T_cur + 1
            if self.T_cur >= self.T_i:
                self.T_cur, self.T_i = self.T_cur - self.T_i, self.T_i * self.T_mult
        else:
            self.T_cur, self.T_i = epoch, self.T_0
            while self.T_cur >= self.T_i:
                self.T_cur, self.T_i = self.T_cur - self.T_i, self.T_i * self.T_mult
        self.last_epoch = math.floor(epoch)
        self.optimizer.learning_rate = self.get_lr()[0]


class CyclicLR(LRScheduler):
    """torch.optim.lr_scheduler.CyclicLR, the momentum left as it is."""

    def __init__(
        self, optimizer, base_lr, max_lr, step_size_up=2000, step_size_down=None, mode="triangular", gamma=1.0,
        scale_fn=None, scale_mode="cycle", cycle_momentum=False, last_epoch=-1,
    ):  # fmt: skip
        self.low, self.high, self.gamma = base_lr, max_lr, gamma
        self.total_size = float(step_size_up + (step_size_up if step_size_down is None else step_size_down))
        self.step_ratio = step_size_up / self.total_size
        self.mode, self.scale_fn = mode, scale_fn
        self.scale_mode = "iterations" if mode == "exp_range" and scale_fn is None else scale_mode
        super().__init__(optimizer, last_epoch)

    def scale(self, x):
        """How high a cycle is."""
        if self.scale_fn is not None:
            return self.scale_fn(x)
        return {"triangular": 1.0, "triangular2": 0.5 ** (x - 1), "exp_range": self.gamma**x}[self.mode]

    def get_lr(self):
        cycle = math.floor(1 + self.last_epoch / self.total_size)
        x = 1.0 + self.last_epoch / self.total_size - cycle
        factor = x / self.step_ratio if x <= self.step_ratio else (x - 1) / (self.step_ratio - 1)
        at = cycle if self.scale_mode == "cycle" else self.last_epoch
        return [self.low + (self.high - self.low) * factor * self.scale(at)]


class OneCycleLR(LRScheduler):
    """torch.optim.lr_scheduler.OneCycleLR, the momentum left as it is."""

    def __init__(
        self, optimizer, max_lr, total_steps=None, epochs=None, steps_per_epoch=None, pct_start=0.3,
        anneal_strategy="cos", cycle_momentum=False, div_factor=25.0, final_div_factor=1e4, three_phase=False,
        last_epoch=-1,
    ):  # fmt: skip
        self.total_steps = epochs * steps_per_epoch if total_steps is None else total_steps
        self.anneal_strategy = anneal_strategy
        first, low = max_lr / div_factor, max_lr / div_factor / final_div_factor
        up = float(pct_start * self.total_steps)
        self.phases = [(up - 1, first, max_lr)]
        self.phases += [(2 * up - 2, max_lr, first)] if three_phase else []
        self.phases += [(self.total_steps - 1, self.phases[-1][2], low)]
        optimizer.initial_rate = first
        super().__init__(optimizer, last_epoch)

    def get_lr(self):
        ends = [phase[0] for phase in self.phases]
        place = min(bisect.bisect_left(ends, self.last_epoch), len(ends) - 1)
        begin = ends[place - 1] if place else 0.0
        end, start, goal = self.phases[place]
        share = (self.last_epoch - begin) / (end - begin)
        if self.anneal_strategy == "linear":
            return [(goal - start) * share + start]
        return [goal + (start - goal) / 2.0 * (math.cos(math.pi * share) + 1)]


class SequentialLR(LRScheduler):
    """torch.optim.lr_scheduler.SequentialLR."""

    def __init__(self, optimizer, schedulers, milestones, last_epoch=-1):
        self.optimizer, self.schedulers, self.milestones = optimizer, schedulers, milestones
        self.last_epoch = last_epoch + 1
        optimizer.learning_rate = optimizer.initial_rate
        self.undo(schedulers)
        schedulers[bisect.bisect_right(milestones, 0)].begin()

    def undo(self, schedulers):
        """Takes back the first steps of schedulers that wait for their turn."""
        for scheduler in schedulers:
            if hasattr(scheduler, "schedulers"):
                self.undo(scheduler.schedulers)
            else:
                scheduler.last_epoch -= 1

    def step(self, epoch=None):
        """One epoch more."""
        self.last_epoch += 1
        turn = bisect.bisect_right(self.milestones, self.last_epoch)
        starts = turn > 0 and self.milestones[turn - 1] == self.last_epoch
        self.schedulers[turn].step(0 if starts else None)


class ChainedScheduler(LRScheduler):
    """torch.optim.lr_scheduler.ChainedScheduler."""

    def __init__(self, schedulers, optimizer=None):
        self.schedulers, self.optimizer = schedulers, optimizer or schedulers[0].optimizer

    def step(self, epoch=None):
        """One epoch more of each."""
        for scheduler in self.schedulers:
            scheduler.step()


class ReduceLROnPlateau:
    """torch.optim.lr_scheduler.ReduceLROnPlateau."""

    def __init__(
        self, optimizer, mode="min", factor=0.1, patience=10, threshold=1e-4, threshold_mode="rel", cooldown=0,
        min_lr=0, eps=1e-8,
    ):  # fmt: skip
        self.optimizer, self.mode, self.factor, self.patience = optimizer, mode, factor, patience
        self.threshold, self.threshold_mode, self.cooldown = threshold, threshold_mode, cooldown
        self.min_lr = min_lr[0] if isinstance(min_lr, (list, tuple)) else min_lr
        self.eps, self.last_epoch = eps, 0
        self.best = math.inf if mode == "min" else -math.inf
        self.num_bad_epochs = self.cooldown_counter = 0

    def get_last_lr(self):
        """The rate that was set last, in a list."""
        return [rate_of(self.optimizer)]

    def state_dict(self):
        """What is needed to go on."""
        return {k: v for k, v in vars(self).items() if k != "optimizer"}

    def load_state_dict(self, state_dict):
        """Goes on from a state."""
        vars(self).update(state_dict)

    def is_better(self, value):
        """Whether a value improves on the best one by the threshold."""
        sign = -1 if self.mode == "min" else 1
        if self.threshold_mode == "rel":
            return sign * value > sign * self.best * (1.0 + sign * self.threshold)
        return sign * value > sign * self.best + self.threshold

    def step(self, metrics, epoch=None):
        """An epoch with this value of what is watched."""
        value = float(metrics)
        self.last_epoch += 1
        better = self.is_better(value)
        self.best = value if better else self.best
        self.num_bad_epochs = 0 if better else self.num_bad_epochs + 1
        if self.cooldown_counter > 0:
            self.cooldown_counter, self.num_bad_epochs = self.cooldown_counter - 1, 0
        if self.num_bad_epochs > self.patience:
            reduced = max(rate_of(self.optimizer) * self.factor, self.min_lr)
            if rate_of(self.optimizer) - reduced > self.eps:
                self.optimizer.learning_rate = reduced
            self.cooldown_counter, self.num_bad_epochs = self.cooldown, 0
