"""Adding and copy memory at the sizes of Bai, Kolter, Koltun 2018, Table 1, beside what learning nothing scores.

Adding T=600: always answering 1 has a mean squared error of 1/6. Copy T=1000: no memory costs 10 ln 8 / (T + 20) nats a
step. A published row at that level holds where ours stands there too: it says that nothing was learned, not how well.
The package's tasks; one cue in copy memory (the table's code has eleven). Adam at the rate that did best on one seed;
adding ends where its validation error is that of the best published row, not where the package calls it solved.
"""

from __future__ import annotations

from contenders import Budget, Tuned, tuned

from carousel.experiments.tasks import SyntheticTask, task
from common import Row, main, number, parser, positive, report

PUBLISHED = {
    "adding": {"rnn": 0.177, "lstm": 0.164, "gru": 5.3e-5},
    "copy-memory": {"rnn": 0.0202, "lstm": 0.0204, "gru": 0.0197},
}
PARAMETERS = {"adding": 70_000, "copy-memory": 16_000}
LENGTHS = {"adding": 600, "copy-memory": 1000}
#: After the table's three, the same cells as the findings of forget_bias.py would set them.
SPECS = "rnn,lstm,gru,rnn:orthogonal,lstm:chrono"
AT_CHANCE = 0.1  # a loss within a tenth of chance's has learned nothing that counts


def row(made: SyntheticTask, found: Tuned) -> Row:
    """Test loss beside the published one and chance's."""
    losses, spec = found.column("test_loss"), found.contender.spec
    published, chance = PUBLISHED[made.name].get(spec), made.chance_loss
    learned_nothing = published is not None and abs(published / chance - 1) < AT_CHANCE
    return Row(
        f"{made.name} T={made.length}, {spec}: {'MSE' if made.name == 'adding' else 'nats'}",
        losses,
        published,
        "" if published is None else "(TCN, chance)" if learned_nothing else "(TCN)",
        better="equal" if learned_nothing else "lower",
        margin=AT_CHANCE * chance if learned_nothing else 0.0,
        note=f"chance {number(chance)}; score {number(min(found.column('score')))} or more",
        detail=found.detail | {"chance": chance},
    )


def recipe() -> None:
    """Both tasks; `--task` for one of them, `--steps` for more or fewer Adam steps."""
    options = parser(__doc__.splitlines()[0], seeds=1)
    options.add_argument("--task", choices=sorted(PUBLISHED), action="append")
    options.add_argument("--contenders", default=SPECS)
    options.add_argument("--steps", type=positive, default=3000)
    given = options.parse_args()
    steps, rates = (10, (0.01,)) if given.quick else (given.steps, (0.001, 0.003))
    found = []
    for name in given.task or PUBLISHED:
        made = task(name, 20 if given.quick else LENGTHS[name])
        if name == "adding":
            made.metric = made.metric._replace(solved_threshold=1 - PUBLISHED[name]["gru"] / made.chance_loss)
        budget = Budget(rates, given.seeds, steps, PARAMETERS[name])
        found += [row(made, one) for one in tuned(made, given.contenders, budget)]
    report("adding_and_copy", found, {"rates": rates, "seeds": given.seeds, "steps": steps}, given)


if __name__ == "__main__":
    main(recipe)
