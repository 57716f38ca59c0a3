"""Run a student's functions on given inputs and write down what they do.

Nothing here knows what is right. The file needs numpy and the standard library only, so it can be
taken alone into a sandbox, beside the submission. What it writes down goes back to the judge:
`probe` returns dicts, lists, strings and numbers that go through JSON unchanged.
"""

import builtins
import contextlib
import inspect
import io
import itertools
import numbers
import os
import sys
import sysconfig
import time
import traceback
import warnings

import numpy as np

BUDGET = 1_000_000  # steps (executed lines and calls) after which a function is taken to be endless
SECONDS = 5.0  # or after so long, whichever is first; right solutions take hundredths of one
LARGEST = 100_000  # numbers of one array that are written down


def probe(spec, names, inputs, patch=(), helpers=None):
    """Run what a task asks for and return what was seen, as plain data.

    Parameters
    ----------
    spec : sequence
        `Task.probe`: the name of a probe in `PROBES`, and its arguments.
    names : dict
        The student's functions and classes by name: the variables of a module, say.
    inputs : list or dict
        What to run them on; see `homework.checks.cases`.
    patch : iterable of str
        Those of `names` that stand in for the globals of the same name which the functions use,
        while these run.
    helpers : dict, optional
        The variables of the files in `Task.helpers`, by name.
    """
    kind, *arguments = spec
    patch = {name: names[name] for name in patch}
    return PROBES[kind](*arguments)(names, inputs, patch, helpers or {})


# ---------------------------------------------------------------------------- watching


class Endless(Exception):
    """The student's code has run for too long."""


class Missing(Exception):
    """A function or class that was to be handed in is not there."""


class Watch:
    """Runs functions and keeps what they give, raise, print and warn about, and in how many steps.

    After a function that does not finish no other one is run: its next call would not end
    either.
    """

    def __init__(self):
        self.endless = None

    def __call__(self, action, budget=BUDGET, variables_of=None):
        """Run `action`.

        `variables_of` is a function whose last local variables are kept, with what the functions
        that it calls return.
        """
        seen = {"result": None, "exception": self.endless, "warnings": [], "steps": 0}
        seen.update(calls=[], variables={}, printed="")
        seen["skipped"] = self.endless is not None
        if seen["skipped"]:
            return seen
        latest, called = time.perf_counter() + SECONDS, {}
        code = getattr(inspect.unwrap(variables_of), "__code__", None) if variables_of else None

        def step():
            seen["steps"] += 1
            late = seen["steps"] % 256 == 0 and time.perf_counter() > latest
            if late or seen["steps"] > budget:
                raise Endless("does not finish")

        def trace(frame, event, argument):
            if is_library(frame.f_code.co_filename):
                # One call of a library function is one step, whatever it does inside.
                caller = frame.f_back
                if caller is not None and not is_library(caller.f_code.co_filename):
                    step()
                if len(called) < 1000:
                    called.setdefault(frame.f_code, frame.f_globals.get("__name__", ""))
                return None
            if event in ("call", "line"):
                step()
            elif event == "return" and code is not None:
                if frame.f_code is code:
                    seen["variables"].update(frame.f_locals)
                elif isinstance(argument, (np.ndarray, list, tuple, dict)):
                    count = len(seen["variables"])
                    if count < 100:
                        seen["variables"][f"{frame.f_code.co_name}() {count}"] = argument
            return trace

        before, printed = sys.gettrace(), Printed()
        with warnings.catch_warnings(record=True) as caught, np.errstate(all="warn"):
            warnings.simplefilter("always")
            with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
                try:
                    sys.settrace(trace)
                    seen["result"] = action()
                except KeyboardInterrupt:
                    raise
                except BaseException as error:  # SystemExit too: no submission may end the check
                    seen["exception"] = describe(error)
                finally:
                    sys.settrace(before)
        if seen["exception"] and seen["exception"]["type"] == "Endless":
            self.endless = seen["exception"]
        names = [f"{where}.{each.co_qualname}"[:200] for each, where in called.items()]
        seen["calls"] = [name for name in names if "<" not in name]
        texts = [f"{w.category.__name__}: {w.message}"[:300] for w in caught[:20]]
        seen["warnings"] = sorted(set(texts))
        seen["printed"] = printed.text[:2000]
        variables = seen.pop("variables")
        seen["found"] = found_in(variables) if code is not None else None
        return seen


def found_in(variables):
    """Return the numbers, arrays and nodes among a function's variables, each with its name."""
    found = []

    def look(name, value, depth=0):
        if len(found) >= 200:
            return
        grad = getattr(value, "grad", None)
        if grad is not None and hasattr(value, "value"):
            found.append({"name": name, "value": encode(value.value), "grad": encode(grad)})
            return
        encoded = encode(value)
        if encoded["data"] is not None:
            found.append({"name": name, "value": encoded, "grad": None})
        table = isinstance(value, np.ndarray) and value.ndim > 1
        if depth < 3 and (isinstance(value, (dict, list, tuple)) or table):
            parts = value.items() if isinstance(value, dict) else enumerate(value)
            for key, part in list(parts)[:10]:
                look(f"{name}[{key}]"[:100], part, depth + 1)

    # a function's own variables were written down last
    for name, value in list(variables.items())[::-1][:150]:
        look(name, value)
    return found


def find(names, name):
    """A function or class of the student's."""
    if name not in names:
        raise Missing(f"there is no {name}")
    return names[name]


class Printed(io.TextIOBase):
    """Where prints of the student's code go; the beginning is kept."""

    text = ""

    def write(self, text):
        if len(self.text) < 2000:
            self.text += text[:2000]
        return len(text)


def is_library(filename, known={}):  # noqa: B006 (the default is a cache)
    """Whether a file is not a student's: installed, of Python itself, or beside this one."""
    if filename not in known:
        folders = [sysconfig.get_paths()[name] for name in ("stdlib", "platstdlib")]
        known[filename] = (
            "site-packages" in filename
            or "dist-packages" in filename
            or filename.startswith("<frozen")
            or any(filename.startswith(folder + os.sep) for folder in folders)
            or os.path.dirname(filename) == os.path.dirname(__file__)
        )
    return known[filename]


def describe(error):
    """Return an exception's type, text and the line of the student's code where it arose."""
    try:
        text = " ".join(str(error).split())[:300]
    except Exception:  # an exception class of the student's own may fail even here
        text = ""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not is_library(frame.filename)]
    # The book's nodes complain about what they are given: the line that gave it is meant.
    folder = os.sep + "hwlib" + os.sep
    outside = [frame for frame in own if folder not in frame.filename] or own
    last = outside[-1] if outside else None
    return {
        "type": type(error).__name__,
        "text": text,
        "line": (last.line or "").strip()[:200] if last else "",
        "function": last.name if last else "",
        "raised_in": own[-1].name if own else "",
    }


def encode(value):
    """Return a number or array as plain data: what it is, and its contents as a nested list."""
    if isinstance(value, (np.ndarray, np.generic)):
        kind = "array" if isinstance(value, np.ndarray) else "scalar"
        if value.dtype == object and value.size <= LARGEST:
            if all(isinstance(each, numbers.Real) for each in value.flat):
                value = value.astype(np.float64)
        dtype, shape = str(value.dtype), list(value.shape)
        data = None
        if value.dtype.kind in "biuf" and value.size <= LARGEST:
            data = np.asarray(value, dtype=np.float64).tolist()  # a longdouble is no JSON
        return {"kind": kind, "dtype": dtype, "shape": shape, "data": data}
    if isinstance(value, (bool, int, float)):
        kind = type(value).__name__
        return {"kind": kind, "dtype": kind, "shape": [], "data": float(value)}
    if isinstance(value, (list, tuple)):
        try:
            array = np.asarray(value)
        except (TypeError, ValueError, OverflowError):
            array = None
        if array is not None and array.dtype.kind in "biuf":
            data = array.astype(np.float64).tolist() if array.size <= LARGEST else None
            kind = type(value).__name__
            return {"kind": kind, "dtype": kind, "shape": list(array.shape), "data": data}
    return {"kind": type(value).__name__[:40], "dtype": "", "shape": None, "data": None}


def pack(value):
    """Return inputs as JSON can carry them; `unpack` gives them back, arrays and all."""
    if isinstance(value, (np.ndarray, np.generic)):
        return {"array": value.tolist(), "dtype": str(value.dtype), "shape": list(value.shape)}
    if isinstance(value, dict):
        return {"dict": [[key, pack(entry)] for key, entry in value.items()]}
    if isinstance(value, (list, tuple)):
        return {"list": [pack(entry) for entry in value]}
    return value


def unpack(value):
    """Undo `pack`."""
    if not isinstance(value, dict):
        return value
    if "array" in value:
        return np.array(value["array"], dtype=value["dtype"]).reshape(value["shape"])[()]
    if "dict" in value:
        return {key: unpack(entry) for key, entry in value["dict"]}
    return [unpack(entry) for entry in value["list"]]


def copied(value):
    """A copy of an input that a student's function may do with as it likes."""
    return value.copy() if isinstance(value, np.ndarray) else value


def changed(before, after):
    """Whether inputs differ by more than the rounding of adding and taking off a small step."""
    try:
        return not all(np.allclose(b, a, rtol=1e-12, atol=1e-12) for b, a in zip(before, after))
    except (TypeError, ValueError):
        return True


@contextlib.contextmanager
def patched(functions, replacements):
    """Replace globals that the functions use, for a while."""
    spaces = {}
    for function in functions:
        function = inspect.unwrap(function) if callable(function) else function
        space = getattr(function, "__globals__", None)
        if space is not None:
            spaces[id(space)] = space
    saved = [
        (space, name, space.get(name, patched))
        for space in spaces.values()
        for name in replacements
    ]
    try:
        for space, name, _ in saved:
            space[name] = replacements[name]
        yield
    finally:
        for space, name, value in saved:
            if value is patched:
                space.pop(name, None)
            else:
                space[name] = value


# ---------------------------------------------------------------- question 1: one node


def probe_node(class_name, arguments):
    """Return the probe of a class of nodes with the given names for its children."""

    def run(names, cases, patch, helpers):
        watch = Watch()
        return [run_case(names, case, watch) for case in cases]

    def run_case(names, case, watch):
        topo_order, children, state = [], [], {}

        def forward():
            InputNode, NodeClass = find(names, "InputNode"), find(names, class_name)
            for name in arguments[: 1 if case.get("same") else None]:
                children.append(InputNode(copied(case[name]), topo_order))
            if case.get("same"):
                children.append(children[0])
            state["node"] = node = NodeClass(*children)
            return {"value": encode(node.value)}

        def bookkeeping():
            node = state["node"]
            return {
                "grad": encode(node.grad),
                "times": sum(other is node for other in topo_order),
                "own_list": getattr(node, "topo_order", None) is topo_order,
                "last": topo_order[-1] is node,
            }

        def backward():
            node = state["node"]
            for child, name in zip(children, arguments):
                child.grad = copied(case["start_" + name])
            node.grad = copied(case["g"])
            node.backward()
            return {
                "grads": [encode(child.grad) for child in children],
                "changed": changed([case[name] for name in arguments], [c.value for c in children]),
            }

        seen = {"forward": watch(forward), "bookkeeping": None, "backward": None}
        if seen["forward"]["exception"] is None:
            seen["bookkeeping"] = watch(bookkeeping)
            seen["backward"] = watch(backward)
        return seen

    return run


# ------------------------------------------- question 1: with nodes that are right, too


def run_backward(output, plain=False):
    """Backward pass from `output`: its own, or else the plain one."""
    if hasattr(output, "compute_grad") and not plain:
        output.compute_grad()
        return
    for node in output.topo_order:
        node.grad = np.zeros(np.shape(node.value))[()]
    output.grad = np.float64(1.0)
    for node in reversed(output.topo_order):
        node.backward()


def both_ways(run, main, extra=(), watched=("scale", "share")):
    """Return a probe that runs with the student's own nodes, and with nodes that are right.

    `main` names the functions of the task, and `extra` further ones to be replaced where there
    are helpers for them. With `watched`, the first case runs again with nodes whose value
    ("scale") or whose backward pass ("share") is wrong on purpose.
    """

    def probe_both(names, inputs, patch, helpers):
        functions = [names[name] for name in main if name in names]
        patch = {name: value for name, value in patch.items() if name != main[0]}
        given = {}
        if "numerical_gradient" in extra and "slopes" in helpers:
            given["numerical_gradient"] = helpers["slopes"]

        watch = Watch()  # what does not end with right nodes does not with wrong ones

        def with_nodes(inputs, **wrong):
            right = helpers["stand_ins"](names, run_backward, **wrong) | given
            with patched(functions, {**patch, **right}):
                return run({**names, **right}, inputs, watch)

        with patched(functions, patch):
            seen = {"own": run(names, inputs, Watch())}
        seen["stand_ins"] = with_nodes(inputs)
        for name in watched:
            seen[name] = with_nodes({"cases": inputs["cases"][1:2]}, **{name: 1.3})
        return seen

    return probe_both


# ------------------------------------------------------ question 1: checks and training


def probe_gradient_check(function_name, arguments):
    def run(names, inputs, watch):
        seen = {"cases": [run_case(names, case, watch) for case in inputs["cases"]]}
        seen["numerical"] = seen["blank"] = seen["defaults"] = None
        # A student may call a helper of their own by this name: ours goes with GradientCheck.
        if not {"GradientCheck", "numerical_gradient"} <= set(names):
            return seen
        if has_defaults(names.get(function_name)):
            seen["defaults"] = run_case(names, None, watch)  # as the starter's command runs it
        if not inputs.get("numerical"):
            return seen
        seen["numerical"] = [run_numerical(names, case, watch) for case in inputs["numerical"]]
        if any(each["exception"] for each in seen["cases"]):
            # the rest of the check, where the numerical gradient is what stops it
            watch = Watch()
            with patched([names.get(function_name)], {"numerical_gradient": blank}):
                seen["blank"] = [run_case(names, case, watch) for case in inputs["cases"]]
        return seen

    def run_case(names, case, watch):
        before = [case[name] for name in arguments] if case else []
        given = [copied(x) for x in before]

        def action():
            result = find(names, function_name)(*given)
            answer = {"returned": type(result).__name__, "fields": None}
            fields = ("value", "backprop", "numerical", "max_difference")
            if isinstance(result, dict):
                found = [result.get(field) for field in fields]
            elif hasattr(result, "backprop"):
                found = [getattr(result, field, None) for field in fields]
            elif isinstance(result, (list, tuple)) and len(result) >= 3:
                found = [*result, None][:4]
            else:
                return answer
            value, backprop, numerical, largest = found
            answer["fields"] = {
                "value": encode(getattr(value, "value", value)),
                "backprop": encode_each(backprop),
                "numerical": encode_each(numerical),
                "max_difference": encode(largest),
            }
            return answer

        function = names.get(function_name)
        seen = watch(action, variables_of=function if callable(function) else None)
        seen["changed"] = changed(before, given)
        if seen["result"] and seen["result"]["fields"]:
            seen["found"] = None
        return seen

    def run_numerical(names, case, watch):
        given = [copied(x) for x in case["inputs"]]
        f = FUNCTIONS[case["function"]]

        def action():
            result = names["numerical_gradient"](f, given)
            once = hasattr(result, "__next__")  # an iterator, which can be gone through once
            return {"kind": type(result).__name__, "once": once, "each": encode_each(result)}

        seen = watch(action)
        seen["changed"] = changed(case["inputs"], given)
        return seen

    main = (function_name, "compare_gradients", "numerical_gradient")
    return both_ways(run, main, main[2:])


FUNCTIONS = {
    # functions of one vector, matrix or number each, of unlike partial derivatives
    "product": lambda x, s, A: float(s * np.sum(x**2) + np.sum(A[0] * x) - A[-1, 0] ** 3),
}


def has_defaults(function):
    """Whether a function can be called without arguments, since each has a default."""
    try:
        options = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return False
    return bool(options) and all(each.default is not each.empty for each in options)


def blank(f, inputs, *rest, **options):
    """A gradient of zeros, to stand in for a student's that does not work."""
    return [np.zeros(np.shape(x))[()] for x in inputs]


def encode_each(values):
    """Encode some gradients: the first eleven, and none if there is nothing to go through."""
    try:
        values = iter(values.values() if isinstance(values, dict) else values)
    except TypeError:
        return []
    first = itertools.islice(values, 11)
    return [encode(getattr(value, "grad", value)) for value in first]


def probe_loss(function_name, arguments):
    """Probe a function that makes a loss function from a data set."""

    def run(names, inputs, watch):
        return [run_case(names, case, watch) for case in inputs["losses"]]

    def run_case(names, case, watch):
        state = {}
        dataset = [(copied(x), y) for x, y in case["dataset"]]
        given = [copied(case[name]) for name in arguments]

        def evaluate():
            result = state["compute_loss"](*given)
            answer = {"returned": type(result).__name__, "length": None, "swapped": False}
            nodes = loss = None
            if isinstance(result, (list, tuple)):
                answer["length"] = len(result)
                if len(result) == 2:
                    nodes, loss = result
                    if isinstance(loss, (list, tuple)) and not isinstance(nodes, (list, tuple)):
                        nodes, loss, answer["swapped"] = loss, nodes, True
                elif result:
                    *nodes, loss = result
            else:
                loss = result
            nodes = list(nodes) if isinstance(nodes, (list, tuple)) else None
            answer["is_node"] = hasattr(loss, "value") and hasattr(loss, "grad")
            answer["value"] = encode(getattr(loss, "value", loss))
            answer["nodes"] = (
                None if nodes is None else [encode(getattr(n, "value", None)) for n in nodes]
            )
            topo_order = getattr(loss, "topo_order", None)
            answer["size"] = len(topo_order) if isinstance(topo_order, list) else None
            state["nodes"], state["loss"] = nodes, loss
            return answer

        def make():
            state["compute_loss"] = find(names, function_name)(dataset)
            return callable(state["compute_loss"])

        def gradients():
            run_backward(state["loss"])
            return [encode(node.grad) for node in state["nodes"]]

        seen = {"make": watch(make), "first": None, "gradients": None, "second": None}
        if seen["make"]["result"]:
            seen["first"] = watch(evaluate)
            first = seen["first"]["result"]
            if first and first["is_node"] and first["nodes"]:
                seen["gradients"] = watch(gradients)
            seen["second"] = watch(evaluate)
        seen["changed"] = changed([case[name] for name in arguments], given)
        return seen

    return run


class Parameter:
    """An input node of `Bowl`."""

    def __init__(self, value, topo_order):
        self.value, self.grad, self.topo_order = value, np.zeros(np.shape(value))[()], topo_order
        self.children = ()
        topo_order.append(self)

    def zero_grad(self):
        self.grad = np.zeros(np.shape(self.value))[()]

    def backward(self):
        pass


class Bowl(Parameter):
    """Σ_i a_i/2 ‖θ_i − t_i‖² + s/2 (sum of all entries of all θ_i)²: a loss to descend."""

    def __init__(self, parameters, case):
        self.parameters, self.case = parameters, case
        total = sum(np.sum(p.value) for p in parameters)
        value = case["coupling"] / 2 * total**2
        for p, a, target in zip(parameters, case["a"], case["targets"]):
            value = value + a / 2 * np.sum((p.value - target) ** 2)
        super().__init__(np.float64(value), parameters[0].topo_order)
        self.children = tuple(parameters)

    def backward(self):
        self.case["count"]["backward"] += bool(self.grad)  # 0: the pass did not begin at the loss
        total = sum(np.sum(p.value) for p in self.parameters)
        for p, a, target in zip(self.parameters, self.case["a"], self.case["targets"]):
            p.grad = p.grad + self.grad * (a * (p.value - target) + self.case["coupling"] * total)


class Loss(Parameter):
    """The loss node: the bowl's value, one step of the backward pass above it."""

    def __init__(self, bowl):
        super().__init__(bowl.value, bowl.topo_order)
        self.children = (bowl,)

    def backward(self):
        (bowl,) = self.children
        bowl.case["count"]["called"] += 1
        bowl.grad = bowl.grad + self.grad

    def compute_grad(self):
        run_backward(self, plain=True)


def probe_descent(function_name, names, case, watch):
    count, state = {"loss": 0, "called": 0, "backward": 0}, {}
    given = [copied(x) for x in case["params"]]

    def loss_fn(*params):
        if len(params) != len(case["params"]):
            raise TypeError(
                f"the loss function takes {len(case['params'])} parameters here, not {len(params)}"
            )
        count["loss"] += 1
        if count["loss"] > 100 + 20 * case["num_iters"]:
            raise Endless("computes the loss far too often")
        topo_order = []
        nodes = [Parameter(np.array(x, dtype=np.float64)[()], topo_order) for x in params]
        return nodes, Loss(Bowl(nodes, {**case, "count": count}))

    def action():
        function = find(names, function_name)
        result = function(loss_fn, given, case["lr"], case["num_iters"])
        if isinstance(result, (list, tuple)) and len(result) == len(case["params"]):
            state["returned"] = [encode(each) for each in result]
        return encode(result)

    seen = watch(action)
    seen["params"] = [encode(each) for each in given]
    seen["returned"] = state.get("returned")
    seen["count"] = count
    return seen


def probe_training(make, arguments, descend=None):
    losses = both_ways(probe_loss(make, arguments), (make,), watched=())

    def run(names, inputs, patch, helpers):
        seen = losses(names, inputs, patch, helpers)
        if descend:
            # It gets a loss function made here, and so needs no nodes of the student's.
            watch = Watch()
            seen["descents"] = [
                probe_descent(descend, names, case, watch) for case in inputs["descents"]
            ]
            seen["commands"] = "print_training" in names  # they print what is returned
        return seen

    return run


# ------------------------------------------------------------------ question 2: k-means


def probe_kmeans():
    def run(names, inputs, patch, helpers):
        patch = {name: value for name, value in patch.items() if name != "kmeans"}
        counter = Counter()
        with patched([names.get("kmeans")], {**counter.functions(), **patch}):
            form = generator_form(names, inputs[0])
            watch = Watch()
            return [
                run_kmeans(names, case, Watch() if case["hard"] else watch, form, counter)
                for case in inputs
            ]

    return run


class Counter:
    """Counts the entries that functions of Python's own go through: a trace does not see them."""

    # which of a function's arguments are gone through
    NAMES = {"map": slice(1, None), "filter": slice(1, None)}
    NAMES |= dict.fromkeys(("sum", "min", "max", "any", "all", "sorted"), slice(0, 1))

    def __init__(self):
        self.count = 0

    def counted(self, values):
        for value in values:
            self.count += 1
            yield value

    def functions(self):
        """Return the functions to stand in for those of `builtins`."""

        def stand_in(name):
            function, which = getattr(builtins, name), self.NAMES[name]

            def counting(*arguments, **options):
                if name not in ("min", "max") or len(arguments) == 1:
                    many = [self.counted(each) for each in arguments[which]]
                    arguments = [*arguments[: which.start], *many, *arguments[which.stop or 99 :]]
                return function(*arguments, **options)

            return counting

        return {name: stand_in(name) for name in self.NAMES}


def rounds(names):
    """How often loops have gone round, where the submission was rewritten to count them."""
    return names["__loops__"].__reduce__()[1][0] if "__loops__" in names else 0


GENERATORS = (lambda seed: seed, np.random.RandomState, np.random.default_rng)


def generator_form(names, case):
    """Return the option of kmeans that takes the randomness, and the form it works with."""
    try:
        parameters = inspect.signature(names["kmeans"]).parameters
    except (KeyError, TypeError, ValueError):
        return None
    for name in ("rng", "seed", "rng_seed", "random_state"):
        if name in parameters:
            for form in GENERATORS:
                if run_kmeans(names, case, Watch(), (name, form), Counter())["exception"] is None:
                    return name, form
            return name, GENERATORS[0]
    return None


def run_kmeans(names, case, watch, form, counter):
    given = case["X"].copy()
    options = {form[0]: form[1](case["seed"])} if form else {}

    def action():
        result = find(names, "kmeans")(given, case["k"], **options)
        answer = {"returned": type(result).__name__, "length": None, "parts": None}
        if isinstance(result, (list, tuple)):
            answer["length"] = len(result)
            answer["parts"] = [encode(part) for part in result[:4]]
        return answer

    # The handout's start is drawn from numpy's global generator: seed it, and put it back.
    state = np.random.get_state()
    np.random.seed(case["seed"])
    before = counter.count, rounds(names)
    try:
        # enough for loops over examples, clusters and coordinates in fifty rounds
        seen = watch(action, budget=20_000 + 500 * len(given) * case["k"])
    finally:
        np.random.set_state(state)
    seen["draws"] = "initial_centroids" in names  # from rng, as the starter's does
    seen["inside"] = counter.count - before[0]
    seen["loops"] = rounds(names) - before[1]
    changed_it = given.shape == case["X"].shape and bool(np.any(given != case["X"]))
    seen["changed"] = encode(given) if changed_it else None
    return seen


# ---------------------------------------------------------------------- question 3: EM


def probe_em(function_name, arguments):
    def run(names, cases, patch, helpers):
        patch = {name: value for name, value in patch.items() if name != function_name}
        watch = Watch()
        with patched([names.get(function_name)], patch):
            return [run_case(names, case, watch) for case in cases]

    def run_case(names, case, watch):
        given = [copied(case[name]) for name in arguments]

        def action():
            result = find(names, function_name)(*given)
            if isinstance(result, (tuple, list)):
                return {"length": len(result), "parts": [encode(part) for part in result[:3]]}
            return {"length": None, "parts": [encode(result)]}

        seen = watch(action)
        seen["changed"] = changed([case[name] for name in arguments], given)
        return seen

    return run


PROBES = {
    "node": probe_node,
    "gradient_check": probe_gradient_check,
    "training": probe_training,
    "kmeans": probe_kmeans,
    "em": probe_em,
}
