import torch


def left(cell, steps=30):
    start = torch.zeros(4, 32, requires_grad=True)
    state = (start, start) if isinstance(cell, torch.nn.LSTMCell) else start
    for x in torch.randn(steps, 4, 16):
        state = cell(x, state)
    (state[0] if isinstance(state, tuple) else state).sum().backward()
    return start.grad.norm() / (4 * 32) ** 0.5


rnn, lstm = torch.nn.RNNCell(16, 32), torch.nn.LSTMCell(16, 32)
opened = torch.nn.LSTMCell(16, 32)
opened.bias_ih.data[32:64], opened.bias_hh.data[32:64] = 3.4, 0.0  # its gate: 0.97
print(*[left(cell).item() for cell in (rnn, lstm, opened)])
