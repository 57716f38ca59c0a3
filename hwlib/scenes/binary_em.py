"""Numbers for the scenes of the chapter on EM."""

from functools import cache

import numpy as np

from hwlib import binary_em
from hwlib.experiments import same_clusters
from hwlib.scenes import fixed, seen

STEPS = 30  # of the scene of the digits, at most
ENOUGH = 0.01  # gained in a step, for another one to follow
SURE = 0.99


def digits(data, starts, example=0):
    """Return what the scene of the digits shows, as a function of k, assignments and step.

    The view runs EM itself, since the reader may start elsewhere, and judges what the reader
    paints. What it gets from here are the pictures, the start and the caption.

    Parameters
    ----------
    data : hwlib.datasets.Digits
    starts : dict
        `starts[k]`, the W to start from, shape (k, d), in whole hundredths; π starts uniform.
    example : int
        The picture that is looked at first.

    Returns
    -------
    callable
        `compute(k, assignments, step)` returns a state and a caption. With `assignments` "hard"
        each picture goes to its most probable cluster alone.
    """
    shown = {
        "pictures": [np.packbits(x).tobytes().hex() for x in data.X],
        "labels": "".join(map(str, data.labels)),
        "shape": list(data.shape),
        "example": example,
    }

    @cache
    def run(k, assignments):
        return em_steps(data.X, starts[k], assignments == "hard")

    def compute(k, assignments, step):
        steps = run(k, assignments)
        start = np.rint(100 * np.asarray(starts[k])).astype(int).tolist()
        caption = _digits_caption(steps, min(step, len(steps) - 1), k, assignments)
        return shown | {"start": start}, caption

    return compute


def em_steps(X, W, hard=False):
    """Return EM's steps from a uniform π and W, until one gains next to nothing.

    Parameters
    ----------
    X : ndarray of 0 and 1, shape (n, d)
    W : ndarray, shape (k, d)
    hard : bool
        Whether each example goes to its most probable cluster alone.

    Returns
    -------
    list of hwlib.binary_em.Iteration
    """
    k = len(W)
    pi, steps = np.full(k, 1 / k), []
    while True:
        r = binary_em.e_step(X, pi, W)
        r = np.eye(k)[r.argmax(axis=1)] if hard else r
        level = binary_em.log_likelihood(X, pi, W)
        steps.append(binary_em.Iteration(pi, W, r, level))
        gained = level - steps[-2].log_likelihood if len(steps) > 1 else np.inf
        if len(steps) > STEPS or gained < ENOUGH:
            return steps
        pi, W = binary_em.m_step(X, r)


def _digits_caption(steps, step, k, assignments):
    r = steps[step].responsibilities
    level = fixed(steps[step].log_likelihood, 1)
    head = f"k = {k}, {assignments}, step {step}: log-likelihood {level}."
    if assignments == "soft":
        sure = int((r.max(axis=1) > SURE).sum())
        return f"{head} For {sure} of {len(r)} pictures one responsibility is above {SURE}."
    if step == 0:
        return f"{head} Each picture goes to its most probable cluster."
    moved = int((r != steps[step - 1].responsibilities).any(axis=1).sum())
    return f"{head} In this step {moved} of {len(r)} pictures changed their cluster."


def weighted_mean(total):
    """Return what the scene of one entry of W shows, as a function of how many ones there are.

    Parameters
    ----------
    total : int
        The number of examples, each with weight 1 until the reader changes it.

    Returns
    -------
    callable
        `compute(ones)` returns a state and a caption.
    """
    r = np.ones((total, 1))

    def compute(ones):
        x = (np.arange(total) < ones)[:, np.newaxis].astype(float)
        pi, W = binary_em.m_step(x, r)
        top = binary_em.expected_complete_log_likelihood(x, r, pi, W)
        return {"total": total}, (
            f"{ones} of {total} examples have a one, each with weight 1: the top is at "
            f"w = {ones}/{total} = {W[0, 0]:g}, where this part of the ECLL is "
            f"{fixed(top, 3)}."
        )

    return compute


FINE = 4  # decimals of W and π in the scenes of the ratings: the view computes with them


def ratings(data, fits, published, example=0):
    """Return what the scene of the pathologists shows, as a function of k.

    Parameters
    ----------
    data : hwlib.datasets.Ratings
    fits : dict
        `fits[k]`, a `hwlib.binary_em.Fit`, for k = 1, 2, ...
    published : dict
        By k, the published log-likelihood as a string, with the digits that were published.
    example : int
        The row of the data that is looked at first.

    Returns
    -------
    callable
        `compute(k)` returns a state and a caption. Clusters are sorted by the sums of rows of W.
    """
    shared = _answers(data) | {
        "levels": [seen(fit.log_likelihoods[-1], FINE) for fit in fits.values()],
        "published": {k: float(value) for k, value in published.items()},
        "example": example,
    }

    def compute(k):
        order = np.argsort(fits[k].W.sum(axis=1))
        pi, W = fits[k].pi[order], fits[k].W[order]
        known = "no published value"
        if k in published:
            known = f"published: {published[k].replace('-', '−')}"
        shares = ", ".join(f"{share:.3f}" for share in seen(pi, 3))
        return shared | {"pi": seen(pi, FINE), "W": seen(W, FINE)}, (
            f"k = {k}: log-likelihood {fixed(fits[k].log_likelihoods[-1], 4)} ({known}). "
            f"Shares π: {shares}."
        )

    return compute


def labels(data, fits):
    """Return what the scene of label switching shows, as a function of seed.

    Parameters
    ----------
    data : hwlib.datasets.Ratings
    fits : dict
        `fits[seed]`, a `hwlib.binary_em.Fit`; the others are compared with the first.

    Returns
    -------
    callable
        `compute(seed)` returns a state and a caption.
    """
    first, reference = next(iter(fits.items()))
    shared = _answers(data) | {
        "reference": {"pi": seen(reference.pi, FINE), "W": seen(reference.W, FINE)},
    }

    def compute(seed):
        fit = fits[seed]
        order = same_clusters(reference.W, fit.W)
        apart = np.abs(fit.W[order] - reference.W).max()
        differ = "less than 0.001" if apart < 0.001 else f"up to {seen(apart, 3):.3f}"
        state = shared | {
            "pi": seen(fit.pi, FINE),
            "W": seen(fit.W, FINE),
            "order": order,
        }
        clusters = ", ".join(str(c + 1) for c in range(len(order)))
        named = ", ".join(str(c + 1) for c in order)
        return state, (
            f"Seed {seed}: log-likelihood {fixed(fit.log_likelihoods[-1], 4)}. Clusters "
            f"{clusters} of seed {first} are its clusters {named}. Once matched, entries of W "
            f"differ by {differ}."
        )

    return compute


def sites(genomes, counts):
    """Return what the scene of the first sites shows, as a function of sites.

    Parameters
    ----------
    genomes : hwlib.datasets.Genomes
        Of two populations.
    counts : sequence of int
        The numbers of sites that can be chosen, ascending.

    Returns
    -------
    callable
        `compute(sites)` returns a state and a caption: where the sum of evidence for each genome,
        its log-odds of population 2 under the true W, stands after so many sites.
    """
    X, pi, W = genomes.X, np.array([0.5, 0.5]), genomes.frequencies
    at = np.union1d(np.geomspace(1, counts[-1], 40).round().astype(int), counts)

    def odds(s):
        joint = binary_em.log_joint_probabilities(X[:, :s].astype(float), pi, W[:, :s])
        return joint[:, 1] - joint[:, 0]

    shared = {
        "labels": genomes.labels.tolist(),
        "at": at.tolist(),
        "walks": seen(np.transpose([odds(s) for s in at]), 1),
        "all": list(counts),
    }

    def compute(sites):
        r = binary_em.e_step(X[:, :sites], pi, W[:, :sites])
        own = r[np.arange(len(r)), genomes.labels]
        sure, wrong = np.sum(own > SURE), np.sum(own < 0.5)
        return shared | {"odds": seen(odds(sites), 2)}, (
            f"Sites used: {sites}. The responsibility of a genome's own population is above 0.99 "
            f"for {sure} of {len(own)} genomes, and below 1/2 for {wrong}."
        )

    return compute


def snps(labels, second, found, reachable):
    """Return what the scene of populations found by EM shows, as a function of F_ST and sites.

    Parameters
    ----------
    labels : ndarray, shape (n,)
        The planted population of each genome of the data shown, 0 or 1.
    second : dict
        `second[F_ST, sites]`, shape (n,), the responsibility of the cluster that stands for the
        second population.
    found, reachable : dict
        By `(F_ST, sites)`, the mean adjusted Rand index from random starts, and of an E step with
        the true W.

    Returns
    -------
    callable
        `compute(F_ST, sites)` returns a state and a caption.
    """
    drifts, counts = (list(dict.fromkeys(each)) for each in zip(*found))

    def by_drift(index):
        return {f"{drift:g}": [seen(index[drift, s], 2) for s in counts] for drift in drifts}

    shared = {
        "labels": labels.tolist(),
        "all": counts,
        "found": by_drift(found),
        "reachable": by_drift(reachable),
    }

    def compute(F_ST, sites):
        at = F_ST, sites
        return shared | {"r": seen(second[at], 2)}, (
            f"F_ST = {F_ST:g}, {sites} sites: adjusted Rand index {fixed(found[at])} from random "
            f"starts, {fixed(reachable[at])} with the true W."
        )

    return compute


def _answers(data):
    return {
        "names": "".join(data.names),
        "rows": data.X.tolist(),
        "counts": data.counts.tolist(),
    }


def bound(X):
    """Return what the scene of the bound shows, as a function of begin and step.

    The model has two clusters of equal weight and one unknown w, which is all entries of row 1 of
    W; those of row 2 are 1/2.

    Parameters
    ----------
    X : ndarray of 0 and 1, shape (n, d)

    Returns
    -------
    callable
        `compute(begin, step)` returns a state and a caption: after an even step the bound touches
        the log-likelihood, after an odd one w has climbed it.
    """
    pi, d = np.array([0.5, 0.5]), X.shape[1]
    counts = np.bincount(X.sum(axis=1).astype(int), minlength=d + 1).tolist()

    def rows(w):
        return np.array([[w] * d, [0.5] * d])

    def level(w):
        return binary_em.log_likelihood(X, pi, rows(w))

    def bound_at(w, at):
        r = binary_em.e_step(X, pi, rows(at))
        entropy = -np.sum(r * np.log(np.where(r > 0, r, 1)))
        return binary_em.expected_complete_log_likelihood(X, r, pi, rows(w)) + entropy

    @cache
    def path(begin, steps):
        if steps == 0:
            return begin
        r = binary_em.e_step(X, pi, rows(path(begin, steps - 1)))
        return float(binary_em.m_step(X, r)[1][0].mean())

    def compute(begin, step):
        at, now = path(begin, step // 2), path(begin, step // 2 + step % 2)
        head = f"From w = {begin:g}, step {step}, "
        if step % 2 == 0:
            return {"counts": counts}, (
                f"{head}E step: the bound touches the log-likelihood at w = {seen(at, 3):.3f}. "
                f"Both are {fixed(level(at))}."
            )
        return {"counts": counts}, (
            f"{head}M step: the bound is highest, {fixed(bound_at(now, at))}, at "
            f"w = {seen(now, 3):.3f}. The log-likelihood there is {fixed(level(now))}, "
            f"{fixed(level(now) - level(at))} more than before."
        )

    return compute


def mixture():
    """Return the caption of the model's graph. Its view knows the rest."""
    return {}, (
        "The model: each example i gets a hidden cluster Zᵢ, drawn from π. Then each of its d "
        "entries Xᵢⱼ is drawn: it is 1 with the probability that row Zᵢ of W gives."
    )


def number_of_clusters(fits, criteria, agreement):
    """Return what the scene about the number of clusters shows, as a function of n and k.

    Parameters
    ----------
    fits : dict
        `fits[n][k]`, a `hwlib.binary_em.Fit` to n examples.
    criteria : dict
        By name ("−2ℓ", "AIC", "BIC"), each `criteria[name][n][k]` a number.
    agreement : dict
        `agreement[n][k]`, the adjusted Rand index against the planted clusters.

    Returns
    -------
    callable
        `compute(n, k)` returns a state and a caption.
    """
    by_example = {
        name: {n: [value / n for value in row.values()] for n, row in by.items()}
        for name, by in criteria.items()
    }
    every = [x for by in by_example.values() for row in by.values() for x in row]
    edge = 0.04 * (max(every) - min(every))
    ks = list(next(iter(fits.values())))

    def compute(n, k):
        fit = fits[n][k]
        # in the order of where their ones are
        order = np.argsort(fit.W @ np.arange(fit.W.shape[1]) / fit.W.sum(axis=1))
        state = {
            "W": seen(fit.W[order], 2),
            "pi": seen(fit.pi[order], 2),
            "criteria": {name: seen(by[n], 3) for name, by in by_example.items()},
            "span": seen([min(every) - edge, max(every) + edge], 2),
            "most": max(ks),
        }
        numbers = ", ".join(f"{name} {seen(by[n][k], 1):.1f}" for name, by in criteria.items())
        aic, bic = (ks[int(np.argmin(by_example[name][n]))] for name in ("AIC", "BIC"))
        return state, (
            f"n = {n}, k = {k}: {numbers}; adjusted Rand index {fixed(agreement[n][k])}. "
            f"Lowest AIC at k = {aic}, lowest BIC at k = {bic}."
        )

    return compute
