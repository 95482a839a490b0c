"""What models score on benchmarks, and what they score on the items that they never trained on.

    found = evaluate(["my-sft/model"], Path("out"), tasks=tasks_of("tulu3-dev"), against=[Path("my-sft-data")])

`spec` says what a task file holds, `rows` where its items come from, `harness` puts them to
lm-evaluation-harness, for which `model` is a model, `judge` gives every answer its score, `touched`
asks audits which items the training data hits, `figures` makes scores with intervals of it all,
`looks` counts looks at unseen tasks, `folder` and `page` write what was found."""
