"""Runs jobs without any sandbox, for those who asked for it by name."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path

from ironwright.host import inside
from ironwright.host.process import Completed, OutputListener, run
from ironwright.host.sandbox import Job, in_place, require_mounts
from ironwright.host.toolchain import toolchain
from ironwright.host.watchdog import Watchdog


@dataclass(frozen=True, slots=True)
class UnsandboxedRunner:
    """Runs jobs as ordinary processes of the user.

    The environment is as clean as in a sandbox, and time, output, memory, processes and disk are
    watched; but a job can read and write what the user can, and reach the network.
    """

    name: str = "none"
    moves_folders: bool = False

    def run(
        self, job: Job, *, on_output: OutputListener | None = None, stop: threading.Event | None = None
    ) -> Completed:
        """Run the job to its end.

        Raises:
            SandboxError: A folder that the job needs does not exist.
            ToolError: There is no rustc, or the command is not on the job's PATH.
        """
        tools = toolchain()
        require_mounts(job)
        job = in_place(job)
        inside.require_command(job.argv, tools, job.env.get("PATH"))
        environment = inside.environment(
            tools,
            job.env,
            home=str(Path.home()),
            cargo_home=str(tools.cargo_home),
            network=job.network,
        )
        writable = [mount.source for mount in job.mounts if mount.writable]
        added = None if job.before_start is None else job.before_start()
        return run(
            job.argv,
            cwd=Path(job.cwd),
            env=environment,
            stdin=job.stdin if added is None else (job.stdin or b"") + added,
            limits=job.limits,
            on_output=on_output,
            stop=stop,
            watch=Watchdog(job.limits, writable, None).check,
        )
