"""Layers and Stacks under torch.compile and torch.export, with fake tensors and torch.func.vmap: the same numbers."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest
import torch
from torch import nn
from torch._subclasses import FakeTensorMode
from torch.fx.experimental.proxy_tensor import make_fx
from torch.nn.utils.rnn import pack_padded_sequence

import carousel
from carousel.common.errors import BadCall, KernelNotice, KernelRefused
from carousel.nn.cells import CELLS
from carousel.nn.kernels import KERNELS, Request
from carousel.nn.layers.stack_module import Stack
from tests.support.kernels import PRECISION, inputs, make, make_call

# the compiler looks at .grad of whatever it is given
pytestmark = [
    pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf:UserWarning"),
    pytest.mark.filterwarnings(
        "ignore:`torch.jit.script_method` is deprecated:DeprecationWarning"
    ),  # as inductor loads
]
NAMES = ["RNN", "LSTM", "GRU"]
T, B, WIDTH, H = 6, 4, 3, 5
DEEP = {"num_layers": 2, "bidirectional": True, "batch_first": True}
BACKENDS = [
    "eager",
    pytest.param("aot_eager", marks=pytest.mark.slow),
    pytest.param(
        "inductor", marks=[pytest.mark.slow, pytest.mark.skipif(shutil.which("g++") is None, reason="needs g++")]
    ),
]


@pytest.fixture(autouse=True)
def forgotten():
    """What one test has compiled is not there in the next."""
    torch._dynamo.reset()
    yield
    torch._dynamo.reset()


@pytest.fixture
def allowed():
    """torch.compile goes into torch.nn's recurrent modules, and ours, only where it is told to."""
    with torch._dynamo.config.patch(allow_rnn=True):
        yield


def data(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


class Model(nn.Module):
    """A recurrent layer between others."""

    def __init__(self, rnn: nn.Module):
        super().__init__()
        self.rnn, self.out = rnn, nn.Linear(H * (1 + rnn.bidirectional), 2, dtype=torch.float64)

    def forward(self, x, *state, **options):
        y, h = self.rnn(x.tanh(), *state, **options)
        return self.out(y).sin(), h


def layer(name: str, **options) -> nn.Module:
    return getattr(carousel, name)(WIDTH, H, dtype=torch.float64, **options)


def stack(name: str) -> Stack:
    return Stack([make(name, width=WIDTH, hidden=H), make(name, width=H, hidden=H, seed=1)])


def results(model: nn.Module, run, x: torch.Tensor, *state, **options) -> list[torch.Tensor]:
    """Outputs, final states and every gradient."""
    x = x.clone().requires_grad_()
    model.zero_grad()
    y, h = run(x, *state, **options)
    finals = list(h) if isinstance(h, tuple) else [h]
    (y.square().sum() + sum(s.sin().sum() for s in finals)).backward()
    return [t.detach().clone() for t in (y, *finals, x.grad, *(p.grad for p in model.parameters()))]


def same(found, expected):
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_a_compiled_model_runs_the_layer_by_the_numba_kernel_outside_its_graphs(name):
    out, found = nn.Linear(H, 2, dtype=torch.float64), {}

    def head(y):
        return out(y.tanh()).sin()

    for rnn in (layer(name), getattr(nn, name)(WIDTH, H, dtype=torch.float64)):

        def run(x, rnn=rnn):
            y, h = rnn(x)
            return head(y), h

        torch._dynamo.reset()
        graphs = found[rnn] = []
        compiled = torch.compile(run, backend=lambda graph, _, graphs=graphs: graphs.append(graph) or graph)
        for seed in range(3):
            x = data(T, B, WIDTH, seed=seed)
            same(results(rnn, compiled, x), results(rnn, run, x))
    ours, theirs = found
    assert str(ours.kernel) == "numba"
    assert len(found[ours]) == len(found[theirs]) == 1  # what follows the layer; nothing of its inside


def test_a_packed_sequence_runs_between_graphs_too():
    net = layer("LSTM", num_layers=2)
    packed = pack_padded_sequence(data(T, B, WIDTH), torch.tensor([2, 6, 4, 6]), enforce_sorted=False)
    (found, h), (expected, state) = torch.compile(net, backend="eager")(packed), net(packed)
    same([found.data, *h], [expected.data, *state])


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", NAMES)
def test_where_the_compiler_may_go_in_one_graph_holds_the_layer(name, backend, allowed):
    model = Model(layer(name, **DEEP))
    compiled = torch.compile(model, backend=backend, fullgraph=True)
    for seed in range(2):
        same(
            results(model, compiled, data(B, T, WIDTH, seed=seed)), results(model, model, data(B, T, WIDTH, seed=seed))
        )
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.mul_(0.9)  # weights are inputs of the graph, no constants in it


@pytest.mark.parametrize("shape", [(T, WIDTH), (T, 0, WIDTH)], ids=["no batch axis", "an empty batch"])
def test_one_graph_for_inputs_that_torch_takes_too(shape, allowed):
    model = Model(layer("GRU"))
    compiled = torch.compile(model, backend="eager", fullgraph=True)
    same(results(model, compiled, data(*shape)), results(model, model, data(*shape)))
    model.eval()
    with torch.no_grad():
        same(compiled(data(*shape)), model(data(*shape)))


def test_one_graph_with_lengths_and_their_mistakes(allowed):
    model = Model(layer("LSTM", bidirectional=True))
    compiled = torch.compile(model, backend="eager", fullgraph=True)
    x, lengths = data(T, B, WIDTH), torch.tensor([2, 6, 4, 6])
    same(results(model, compiled, x, lengths=lengths), results(model, model, x, lengths=lengths))
    with pytest.raises(BadCall, match=r"lengths out of range; allowed: 1 \.\. 6"):
        compiled(x, lengths=torch.tensor([2, 7, 4, 6]))


def test_one_graph_for_every_number_of_steps_and_sequences(allowed):
    model, graphs = Model(layer("LSTM")), []
    compiled = torch.compile(
        model, backend=lambda graph, _: graphs.append(graph) or graph, fullgraph=True, dynamic=True
    )
    for steps, batch in [(6, 4), (9, 3), (50, 17), (2, 33)]:
        same(results(model, compiled, data(steps, batch, WIDTH)), results(model, model, data(steps, batch, WIDTH)))
    assert len(graphs) == 1


@pytest.mark.parametrize("option", ["plain", "no bias", "dropout resets reverse lengths", "norm reverse lengths"])
@pytest.mark.parametrize("name", CELLS)
def test_every_cell_under_every_option_in_one_graph(name, option):
    cell = make(name, option=option)
    call = make_call(cell, inputs(5, 3, torch.float64), option)

    def run(x, *state):
        found = KERNELS["numba"].run(cell, replace(call, x=x, state=cell.state_type(*state)), Request())
        return found.output, tuple(found.state)

    given = [s.clone().requires_grad_() for s in call.state]
    expected = results(cell, run, call.x, *given) + [s.grad.clone() for s in given]
    for s in given:
        s.grad = None
    compiled = torch.compile(run, backend="aot_eager", fullgraph=True)
    found = results(cell, compiled, call.x, *given) + [s.grad for s in given]
    torch.testing.assert_close(found, expected, rtol=PRECISION[torch.float64], atol=5 * PRECISION[torch.float64])


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_stack_is_compiled_whole(backend):
    model = Model(stack("lstm"))
    compiled = torch.compile(model, backend=backend, fullgraph=True)
    same(results(model, compiled, data(T, B, WIDTH)), results(model, model, data(T, B, WIDTH)))
    assert {choice.kernel.name for choice in model.rnn.choices.values()} == {"numba"}


def test_the_operation_keeps_the_contract_of_a_torch_operation():
    cell = make("gru", option="norm")
    call = make_call(cell, inputs(5, 3, torch.float64), "dropout resets reverse lengths")
    from carousel.nn.kernels.numba.operation import recurrence

    x = cell.project(call.x).detach().requires_grad_()
    options = (call.lengths, call.resets, "gru", True)
    given = (x, call.dropout, call.state[0], None, *cell.tensors.values(), *options)
    # not "test_aot_dispatch_dynamic": it compares what is saved for the backward pass, which may have gaps
    checks = ("test_schema", "test_autograd_registration", "test_faketensor")
    assert set(torch.library.opcheck(recurrence, given, test_utils=checks).values()) == {"SUCCESS"}


def test_second_derivatives_of_a_compiled_stack_are_the_references():
    model, x = stack("gru"), data(T, B, WIDTH).requires_grad_()
    found = []
    for run in (torch.compile(model, backend="eager", fullgraph=True), model):
        with pytest.warns(KernelNotice, match="second derivatives"):
            (first,) = torch.autograd.grad(run(x)[0].sin().sum(), x, create_graph=True)
        found.append([first, *torch.autograd.grad(first.square().sum(), list(model.parameters()))])
    same(*found)


@pytest.mark.parametrize("name", NAMES)
def test_fake_tensors_have_shapes_alone(name):
    net = layer(name, num_layers=2, bidirectional=True)
    y, h = net(data(T, B, WIDTH))
    with FakeTensorMode(allow_non_fake_inputs=True):
        fake, state = net(torch.empty(T, B, WIDTH, dtype=torch.float64))
    assert (fake.shape, fake.stride()) == (y.shape, y.stride())
    assert torch.utils._pytree.tree_map(torch.Tensor.size, state) == torch.utils._pytree.tree_map(torch.Tensor.size, h)


def test_a_traced_graph_computes_anew():
    net = layer("GRU")
    graph = make_fx(lambda x: net(x)[0])(data(T, B, WIDTH))
    same(graph(data(T, B, WIDTH, seed=1)), net(data(T, B, WIDTH, seed=1))[0])


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_an_exported_program_needs_torch_alone(name, strict):
    model, x = Model(layer(name)).eval(), data(T, B, WIDTH)
    program = torch.export.export(model, (x,), strict=strict)
    assert not [node for node in program.graph.nodes if "carousel" in str(node.target)]
    same(program.module()(x), model(x))


def test_what_no_exported_program_can_hold_is_refused():
    with pytest.raises(KernelRefused, match="what is exported runs without Carousel"):
        torch.export.export(layer("GRU", kernel="numba"), (data(T, B, WIDTH),))
    with (
        carousel.record(model := Model(layer("GRU"))),
        pytest.raises(KernelRefused, match="has no place in an exported"),
    ):
        torch.export.export(model, (data(T, B, WIDTH),))


@pytest.mark.parametrize("name", NAMES)
def test_vmap_over_inputs_and_over_weights(name):
    net, x = layer(name, bidirectional=True), data(2, T, B, WIDTH)
    same(torch.func.vmap(lambda each: net(each)[0])(x), torch.stack([net(each)[0] for each in x]))

    def loss(weights, given):
        return torch.func.functional_call(net, weights, (given,))[0].sin().sum()

    weights = {name: p.detach() for name, p in net.named_parameters()}
    found = torch.func.vmap(torch.func.grad(loss), (None, 0))(weights, x)
    each = [torch.func.grad(loss)(weights, given) for given in x]
    same(found, {name: torch.stack([one[name] for one in each]) for name in weights})


@pytest.mark.parametrize("rnn", [layer("LSTM"), stack("lstm"), nn.LSTM(WIDTH, H, dtype=torch.float64)], ids=repr)
@pytest.mark.parametrize("inside", [False, True])
def test_what_is_recorded_runs_outside_the_graph(rnn, inside):
    model, x = Model(rnn), data(T, B, WIDTH)
    with torch._dynamo.config.patch(allow_rnn=inside):
        compiled = torch.compile(model.forward, backend="eager")
        before, _ = compiled(x)
        with carousel.record(model) as tape:
            during, _ = compiled(x)
            during.sum().backward()
        after, _ = compiled(x)
    same([during, after], [before, before])
    with carousel.record(model) as plain:
        model(x)[0].sum().backward()
    same(tape["rnn.l0"].grad.c, plain["rnn.l0"].grad.c)


def test_one_graph_cannot_hold_what_is_recorded():
    model, x = Model(stack("gru")), data(T, B, WIDTH)
    with (
        carousel.record(model),
        pytest.raises(torch._dynamo.exc.Unsupported, match="carousel: a module that is recorded runs outside"),
    ):
        torch.compile(model.forward, backend="eager", fullgraph=True)(x)
    kept = torch.compile(lambda given: model.rnn(given, keep=Request(states=True)), backend="eager", fullgraph=True)
    with pytest.raises(torch._dynamo.exc.Unsupported, match="carousel: a Stack with keep or interventions runs"):
        kept(x)
    free = torch.compile(lambda given: model.rnn(given, keep=Request(states=True)), backend="eager")
    same(free(x)[2]["l0"].h, model.rnn(x, keep=Request(states=True))[2]["l0"].h)


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_batch_runs_by_a_forced_kernel_as_by_torch(name):
    found = []
    for net in (layer(name, kernel="numba"), getattr(nn, name)(WIDTH, H, dtype=torch.float64)):
        found.append(results(net, net, data(T, 0, WIDTH)))
    same(*found)
