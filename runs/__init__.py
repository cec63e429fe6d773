"""Maverick's one Django app. Imports point downward in this list, and nothing here imports.

    apps, checks                          start-up
    management                            the manage.py door
    web, live, api, cli, templatetags     faces; they do not know each other
    projections, tasks                    reading; Celery's entry points
    engine                                making steps happen
    operations                            what can be asked for, one verb a file
    dispatch                              the only door to Celery
    record, agents                        the only writer; calling agents
    models                                what is stored
    planning, library                     pure; shipped workflows and actions
    definition                            pure: YAML to WorkflowSpec
    expressions                           pure
    states, errors, ids, canonical, steppath, actions, actor, conf     words everyone uses
    commands, processes, stopping, project_file, schemas, environment  and tools

`make lint` and tests/unit/test_layers.py hold it.
"""
