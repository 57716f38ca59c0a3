"""Judge of question 2: k-means."""

import re

import numpy as np

from ..verdict import Seen, Verdict, close, named, raised, show

WANTED = "(assignments, centroids, loss)"


def squares(X, centroids):
    """Squared distances of all examples from all centroids, shape (n, k)."""
    return ((X[:, None, :] - centroids[None]) ** 2).sum(axis=2)


def means(X, assignments, k):
    """Mean of each cluster; NaN where it is empty."""
    with np.errstate(invalid="ignore"):
        return np.array(
            [
                np.where(m.any(), X[m].sum(axis=0) / max(m.sum(), 1), np.nan)
                for m in masks(assignments, k)
            ]
        )


def masks(assignments, k):
    return [assignments == c for c in range(k)]


def loss_of(X, assignments, centroids):
    return float(((X - centroids[assignments]) ** 2).sum())


def history(case):
    """k-means from the handout's start: (assignments, centroids, loss) after each half step."""
    X, k = case["X"].astype(float), case["k"]
    rng = np.random.RandomState(case["seed"])
    centroids = X[rng.choice(np.arange(len(X)), k, replace=False)]
    assignments, states = None, []
    while True:
        new = squares(X, centroids).argmin(axis=1)
        states.append(("assigned", new, centroids, loss_of(X, new, centroids)))
        if assignments is not None and np.array_equal(new, assignments) or len(states) > 500:
            return states
        assignments = new
        fresh = means(X, assignments, k)
        centroids = np.where(np.isnan(fresh), centroids, fresh)
        states.append(("updated", assignments, centroids, loss_of(X, assignments, centroids)))


def judge_2a(inputs, results):
    verdict = Verdict("2a")
    ordinary = [(c, r) for c, r in zip(inputs, results) if not c["hard"]]
    plain = [(c, r) for c, r in ordinary if c["name"] != "large"]
    for _, result in ordinary:
        library = [each for each in result["calls"] if LIBRARY.search(each)]
        if library:
            public = ".".join(name for name in library[0].split(".") if name[:1] != "_")
            verdict.fault_all(
                f"kmeans calls {public}, which does the task. Write its two steps yourself: "
                "assign each example to the nearest centroid, and move the centroids to the means."
            )
            return verdict
    for case, result in ordinary:
        if result["exception"] is not None:
            verdict.fault_all(
                raised(
                    f"kmeans(X, {case['k']}) for X of shape {case['X'].shape}",
                    result["exception"],
                    exception_hint(result["exception"]),
                )
            )
            return verdict
    for case, result in plain:
        if result["changed"]:  # what it returns belongs to the X that it has made
            case = {**case, "X": Seen(result["changed"]).array}
        judge_run(verdict, case, result)
    if any(result["changed"] for result in results):
        verdict.fault("returned", "kmeans changes the X that it is given.")
    judge_loops(verdict, inputs, results)
    for case, result in zip(inputs, results):
        if case["hard"]:
            judge_hard(verdict, case, result)
    note_start(verdict, plain)
    return verdict


# functions that do all of the task, in scipy, scikit-learn and others
LIBRARY = re.compile(r"(?i)(scipy|sklearn|cv2|faiss|torch).*k_?means")
# functions of numpy with a loop of Python's inside
LOOPING = re.compile(r"numpy.*(apply_along_axis|apply_over_axes|vectorize\.__)")


def exception_hint(exception):
    text = exception["text"]
    if exception["type"] == "IndexError":
        return (
            "Do the assignments have one entry for each example? In a table of distances of shape "
            "(n, k) the nearest centroid is found along axis 1."
        )
    if "broadcast" in text:
        return (
            "Compare the shapes: X is (n, d), the centroids (k, d), the distances (n, k). A sum "
            "over the coordinates, or a mean over the examples, may go along the wrong axis."
        )
    if exception["type"] == "Endless":
        return (
            "Compare the new assignments with the old ones, all of them (np.array_equal), and "
            "keep a copy of the old. Or does each example go to the farthest centroid (argmax)?"
        )
    return ""


def judge_returned(verdict, case, result, part):
    """Return (assignments, centroids, loss) as arrays, or None if they are not there."""
    answer, n, k, d = result["result"], *case["X"].shape[:1], case["k"], case["X"].shape[1]
    if answer["parts"] is None or answer["length"] != 3:
        got = named(answer["returned"])
        if answer["length"] is not None:
            got += f" of {answer['length']}"
        verdict.fault_all(f"kmeans returns {got}; expected {WANTED}.")
        return None
    seen = [Seen(one) for one in answer["parts"]]
    shapes = [one.shape for one in seen]
    if n == k:
        return None
    wanted = [(n,), (k, d), ()]
    flat = [tuple(s for s in shape if s != 1) if shape is not None else None for shape in shapes]
    order = [
        flat.index(tuple(s for s in w if s != 1)) if tuple(s for s in w if s != 1) in flat else None
        for w in wanted
    ]
    if None in order or len(set(order)) < 3:
        names = WANTED.strip("()").split(", ")
        for name, one, want in zip(names, seen, wanted):
            if one.shape != want:
                extra = ""
                if name == "assignments" and one.shape in [(k,), (d,)]:
                    extra = (
                        " Is the argmin taken over the wrong axis? It must run over the "
                        "centroids, once for each example."
                    )
                got = f"shape {one.shape}" if one.shape is not None else str(one)
                verdict.fault_all(
                    f"The {name} have {got}, expected {want}, for n = {n}, k = {k}, d = {d}.{extra}"
                    if name != "loss"
                    else f"The loss has {got}; it should be one number."
                )
                return None
    if order != [0, 1, 2]:
        verdict.fault(part, f"kmeans returns its results in another order; expected {WANTED}.")
    seen = [seen[i] for i in order]
    if any(one.array is None for one in seen):
        verdict.fault_all(f"kmeans returns something else than numbers in {WANTED}.")
        return None
    for one, want, name in zip(seen, wanted, ("assignments", "centroids", "loss")):
        if one.shape != want:
            verdict.fault(part, f"The {name} have shape {one.shape}, expected {want}.")
        one.array = one.array.reshape(want)
    assignments, centroids, loss = seen
    z = assignments.array
    if not np.all(np.isfinite(z)) or np.any(z != np.rint(z)):
        verdict.fault_all("The assignments are not whole numbers.")
        return None
    if assignments.dtype.startswith("float"):
        verdict.fault(part, "The assignments are floats; they should be integers, to index with.")
    if z.min() < 0 or z.max() >= k:
        if z.min() == 1 and z.max() == k:
            verdict.fault(part, f"The assignments count from 1; expected 0 ... {k - 1}.")
            z = z - 1
        else:
            verdict.fault_all(
                f"The assignments reach from {z.min():g} to {z.max():g}; expected 0 ... {k - 1}."
            )
            return None
    return z.astype(int), centroids.array, float(loss.array)


def judge_run(verdict, case, result):
    found = judge_returned(verdict, case, result, "returned")
    if found is None:
        return
    X, k = case["X"].astype(float), case["k"]
    assignments, centroids, loss = found
    if not np.all(np.isfinite(centroids)):
        text = "A centroid is NaN or infinite."
        for part in ("assignments", "centroids", "loss"):
            verdict.fault(part, text)
        return
    states = history(case)
    distances = squares(X, centroids)
    # What was computed in float32 has seven digits: the expansion of a squared distance loses
    # some of them, where a pixel's square is 65,025.
    exact = 1e-4 if case["X"].dtype == np.float32 else 1e-6
    scale = 0.1 * exact * (1 + distances.max())
    own = distances[np.arange(len(X)), assignments]
    nearest = bool(np.all(own <= distances.min(axis=1) + scale))
    right_means = means(X, assignments, k)
    empty = np.isnan(right_means[:, 0])
    fits = np.all(np.abs(centroids - right_means)[~empty] <= exact * (1 + np.abs(X).max()))
    if not nearest:
        verdict.fault("assignments", assignment_fault(case, states, found, distances, bool(fits)))
    if not fits:
        rounds = stage(states, found)
        verdict.fault("centroids", centroid_fault(case, found, right_means, empty, rounds))
    right = loss_of(X, assignments, centroids)
    if not abs(loss - right) <= exact * (1 + right):
        verdict.fault("loss", loss_fault(case, states, found, right))


def assignment_fault(case, states, found, distances, fits):
    assignments, centroids, _ = found
    n = len(assignments)
    far = distances[np.arange(n), assignments]
    if np.all(far >= distances.max(axis=1) * (1 - 1e-9)):
        return "Every example is assigned to the centroid farthest from it: argmin, not argmax."
    X = case["X"].astype(float)
    without = ((centroids**2).sum(axis=1) + 0 * distances).argmin(axis=1)
    product = (X @ centroids.T).argmin(axis=1)
    plus = ((centroids**2).sum(axis=1) + 2 * X @ centroids.T).argmin(axis=1)
    single = ((centroids**2).sum(axis=1) - X @ centroids.T).argmin(axis=1)
    for wrong, text in (
        (plus, "the product xᵀμ has the wrong sign in the expansion of the squared distance."),
        (single, "the product xᵀμ lacks its factor 2 in the expansion of the squared distance."),
        (product, "only the product xᵀμ is compared; the squared distance has more terms."),
        (without, "only the centroids' own lengths are compared; the product xᵀμ is missing."),
    ):
        if np.array_equal(wrong, assignments):
            return f"The examples are not assigned to the nearest centroid: {text}"
    rounds = stage(states, found)
    if rounds is not None or fits:
        when = f" (it has stopped after {rounds})" if rounds else ""
        return (
            "k-means has stopped too early: some examples are nearer to another of the "
            f"centroids returned{when}. Go on until no assignment changes, and compare with a "
            "copy of the old ones."
        )
    wrong = int(np.sum(far > distances.min(axis=1) + 1e-7 * (1 + distances.max())))
    return f"{wrong} of {n} examples are not assigned to the nearest of the centroids returned."


def note_start(verdict, pairs):
    """Note where runs do not begin as the task says; k-means itself is right."""
    if not verdict.passed or not pairs[0][1]["draws"]:
        return
    for case, result in pairs:
        right, loss = history(case)[-1][3], Seen(result["result"]["parts"][2]).array
        if abs(float(loss.item()) - right) > 1e-3 * right:
            verdict.notes.append(
                "k-means is right, but does not begin at the centroids that rng draws: hand k and "
                "rng on to initial_centroids, and your losses are those of the task. No points "
                "depend on it."
            )
            return


def stage(states, found):
    """After how many updates the handout's run has these assignments and centroids, in words."""
    updates = 0
    for kind, assignments, centroids, _ in states:
        updates += kind == "updated"
        if np.array_equal(assignments, found[0]) and close(found[1], centroids):
            return f"{updates} update{'' if updates == 1 else 's'} of the centroids"
    return None


def centroid_fault(case, found, right, empty, rounds):
    X, k = case["X"].astype(float), case["k"]
    assignments, centroids, _ = found
    here = ~empty
    counts = np.bincount(assignments, minlength=k)[:, None]
    if case["X"].shape[1] > 1 and np.all(np.ptp(centroids[here], axis=1) < 1e-9):
        return (
            "All coordinates of a centroid are the same number: the mean is taken over the "
            "coordinates too. Take it over the examples only (axis 0)."
        )
    with np.errstate(all="ignore"):
        if close(centroids[here], (right * counts)[here]):
            return "The centroids are sums; divide by the number of examples in the cluster."
        if close(centroids[here], (right * counts / len(X))[here]):
            return (
                "The centroids are divided by the number of all examples; divide by the number in "
                "the cluster."
            )
        if np.all(centroids == np.rint(centroids)) and np.abs(centroids - right)[here].max() < 1:
            return (
                "The centroids are whole numbers: an array of integers cuts the means off. Make "
                "it an array of floats."
            )
    medians = np.array(
        [
            np.median(X[m], axis=0) if m.any() else np.full(X.shape[1], np.nan)
            for m in masks(assignments, k)
        ]
    )
    if close(centroids[here], medians[here]):
        return "The centroids are medians; k-means takes means."
    if rounds:
        return (
            "The centroids are not yet the means of the clusters that are returned: k-means has "
            f"stopped after {rounds}. Go on until no assignment changes."
        )
    return "The centroids are not the means of the clusters that are returned."


def loss_fault(case, states, found, right):
    X, k = case["X"].astype(float), case["k"]
    assignments, centroids, loss = found
    own = ((X - centroids[assignments]) ** 2).sum(axis=1)
    n, d = X.shape

    def same(value):
        return abs(loss - value) <= 1e-6 * (1 + abs(value))

    with np.errstate(all="ignore"):
        if same(np.sqrt(own).sum()):
            return "The loss adds up the distances; the formula has the squares of the distances."
        if same(np.sqrt(right)):
            return "You took a square root of the loss; the formula has none."
        if same(right / n):
            return "The loss is divided by the number of examples; the formula is a sum."
        if same(right / n / d) or same(right / d):
            return "The loss is a mean over the coordinates; the formula is a sum."
        if same(right / k):
            return "The loss is divided by k; the formula is a sum over all examples."
        if same(right - (X**2).sum()):
            return (
                "The loss lacks the term ‖x‖² of the expansion: it may be left out where "
                "distances are compared, not in the loss."
            )
        if same(squares(X, centroids).sum()):
            return (
                "The loss adds up the distances from all centroids; each example counts with its "
                "own centroid only."
            )
        if same(squares(X, centroids).max(axis=1).sum()):
            return "The loss takes the farthest centroid of each example, not its own."
        if same(np.abs(X - centroids[assignments]).sum()):
            return "The loss adds up absolute differences; the formula has squares."
        if any(same(own[m].sum()) for m in masks(assignments, k)):
            return "The loss is that of one cluster only; add them all up."
        if same(right / 2):
            return "The loss is half of what the formula says."
        if same(((X - X.mean(axis=0)) ** 2).sum()):
            return "The loss is that of one centroid for all examples."
    for _, _, _, earlier in states[::-1]:
        if same(earlier):
            return (
                f"The loss is that of an earlier step ({show(loss)}, where {show(right)} belongs "
                "to the assignments and centroids returned): compute it after the last update, or "
                "is it the loss of the previous assignment?"
            )
    return (
        f"The loss is {show(loss)}, but the assignments and centroids returned have the loss "
        f"{show(right)}."
    )


def judge_loops(verdict, inputs, results):
    by_name = {case["name"]: (case, result) for case, result in zip(inputs, results)}
    (small, quick), (large, slow) = by_name["small"], by_name["large"]
    more = len(large["X"]) - len(small["X"])
    for key, what in (
        ("loops", "runs its loops more often"),
        ("steps", "runs more lines"),
        ("inside", "has Python's own functions (map, sum, min, ...) go through more entries"),
    ):
        if slow[key] - quick[key] >= more / 2:
            verdict.fault(
                "loops",
                f"kmeans {what} the more examples there are ({quick[key]:,} for "
                f"{len(small['X'])} examples, {slow[key]:,} for {len(large['X'])}): there is a "
                "loop over the examples (a comprehension, map, sum or np.vectorize is one, too). "
                "Work on whole arrays.",
            )
            return
    looping = [each for each in quick["calls"] if LOOPING.search(each)]
    if looping:
        verdict.fault(
            "loops",
            f"kmeans calls {looping[0]}, which is a loop inside. Work on whole arrays.",
        )


HARD = {
    "pixels": ("an image's pixels (float32)", "Look at the types of your arrays."),
    "empty": (
        "two distinct points and k = 3",
        "One cluster is empty then, and the mean of nothing is NaN: keep its centroid, for "
        "instance.",
    ),
    "uint8": (
        "an image's pixels as uint8",
        "Arithmetic in uint8 wraps around at 256: turn X into floats first.",
    ),
    "one": ("k = 1", "The one centroid is the mean of all."),
}


def judge_hard(verdict, case, result):
    """Judge a case that costs the part "special"; or only a note, beyond the handout."""
    message = hard_fault(verdict, case, result)
    if message and case["beyond"]:
        verdict.notes.append(f"{message} No points depend on it.")
    elif message:
        verdict.fault("special", message)


def hard_fault(verdict, case, result):
    name = case["name"]
    what, hint = HARD[name]
    if result["exception"] is not None:
        return raised(f"kmeans on {what}", result["exception"], hint)
    # What is wrong with these data as with any others has been said.
    other = Verdict("2a")
    if name == "empty":
        found = judge_returned(other, case, result, "returned")
        if found is None:
            return None if verdict.messages else f"With {what}: {other.messages[0]}"
        if not np.all(np.isfinite(found[1])) or not np.isfinite(found[2]):
            return f"With {what} a centroid or the loss is NaN. {hint}"
        if any("mean of empty" in w.lower() or "invalid value" in w for w in result["warnings"]):
            return f"With {what} numpy warns ({result['warnings'][0]}). {hint}"
        if found[2] > 1e-9 and not verdict.messages:
            return f"With {what} the loss is {found[2]:g}, expected 0. {hint}"
        return None
    judge_run(other, case, result)
    new = [m for m in other.messages if m not in verdict.messages]
    if not verdict.messages and new:
        whole = [m for m in new if "whole numbers" in m]
        return f"With {what}: {whole[0] if whole else new[0] + ' ' + hint}"
    if any("overflow" in w for w in result["warnings"]):
        return f"With {what} numpy warns of an overflow. {hint}"
    return None
