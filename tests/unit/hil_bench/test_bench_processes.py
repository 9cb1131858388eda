"""What a process and its children had of the cores, while children come and go."""

import subprocess

from hil.bench.processes import processes, spent

FORKING = "i=0; while [ $i -lt 200 ]; do (:); i=$((i+1)); done"


def test_who_ends_while_it_is_counted_is_passed_over() -> None:
    seen = []
    with subprocess.Popen(["sh", "-c", FORKING]) as shell:
        while shell.poll() is None:
            seen.append(spent(shell.pid))
    assert seen
    assert 0 <= seen[-1] < 60


def test_children_of_children_are_among_them() -> None:
    with subprocess.Popen(["sh", "-c", "sh -c 'echo; read line; :'; :"], stdin=-1, stdout=-1) as shell:
        assert shell.stdout is not None
        shell.stdout.readline()
        found = [process.name for process in processes(shell.pid)]
        shell.communicate(b"\n")
    assert found[0] == str(shell.pid)
    assert len(found) == 2
