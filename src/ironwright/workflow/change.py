"""From what a user calls base and head to the change that is judged."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from ironwright.host.git import WORKTREE, Repository, open_repository
from ironwright.records.change import Change, Commit
from ironwright.records.errors import RepositoryError
from ironwright.records.paths import ProjectPaths

# A commit of uncommitted work has a fixed author and time, so that equal work gets an equal id.
_NOBODY = {
    f"GIT_{role}_{key}": value
    for role in ("AUTHOR", "COMMITTER")
    for key, value in (
        ("NAME", "ironwright"),
        ("EMAIL", "ironwright@localhost"),
        ("DATE", "1970-01-01T00:00:00Z"),
    )
}


@dataclass(frozen=True)
class ResolvedChange:
    """A change, where it lives, and what a person should know about how it was found.

    Attributes:
        change: The change.
        repository: Knows where all of the change's objects are.
        project: The places that belong to the repository, the same for all of its worktrees.
        notes: How base was chosen, what is not judged.
        uncommitted_only: Whether it is known to consist of uncommitted work alone.
    """

    change: Change
    repository: Repository
    project: ProjectPaths
    notes: tuple[str, ...]
    uncommitted_only: bool = False


def project_of(repository: Repository) -> ProjectPaths:
    """The places of a repository: those of its main checkout, whichever worktree one stands in."""
    if not repository.bare and repository.common_dir.name == ".git":
        return ProjectPaths(repository.common_dir.parent)
    return ProjectPaths(repository.root)


def resolve_change(
    folder: Path,
    base: str | None,
    head: str,
    objects: Path | None = None,
    repository: Repository | None = None,
) -> ResolvedChange:
    """Find the change between two revisions of the repository that a folder lies in.

    Without a base it is measured from where head left the default branch, else from head's parent; a
    base that is no ancestor of head is replaced by their merge base, as a pull request is shown.

    Args:
        folder: Any folder of the repository.
        base: A revision, or None.
        head: A revision, or ``WORKTREE`` for the uncommitted state of the checkout.
        objects: A folder of objects to look in besides the repository's own, or None.
        repository: The repository where it was found already, or None.

    Raises:
        RepositoryError: No repository, no such revision, nothing in common, or no Cargo.toml at head.
    """
    repository = repository or open_repository(folder)
    project = project_of(repository)
    if objects is not None:
        repository = repository.with_objects(objects)
    if head == WORKTREE:
        return _worktree_change(repository, project, base)
    head_commit = repository.resolve(head)
    base_commit, base_label, notes = _base(repository, base, head_commit)
    return _resolved(repository, project, base_commit, head_commit, base_label, head, notes)


def change_commits(resolved: ResolvedChange) -> tuple[Commit, ...]:
    """The commits that a change consists of, oldest first; the one made of uncommitted work is none.

    Raises:
        RepositoryError: git cannot list them.
    """
    if resolved.uncommitted_only:
        return ()
    change = resolved.change
    commits = resolved.repository.messages(change.base, change.head)
    if change.head_label == WORKTREE:
        return tuple(commit for commit in commits if commit.id != change.head)
    return commits


def _worktree_change(repository: Repository, project: ProjectPaths, base: str | None) -> ResolvedChange:
    if repository.bare:
        raise RepositoryError(
            "a bare repository has no uncommitted work",
            where=str(repository.root),
            advice="Give `--head BRANCH`.",
        )
    aside = repository.with_objects(project.cache / "objects")
    started = repository.git("rev-parse", "--verify", "--quiet", "HEAD^{commit}", check=False)
    parent = started.text.strip() or None
    tree = aside.snapshot()
    commit = aside.commit_tree(tree, [parent] if parent else [], "uncommitted work\n", _NOBODY)
    if parent is None:
        notes = ["the repository has no commits"]
        found = _resolved(aside, project, None, commit, "nothing", WORKTREE, notes, tree)
    elif base is None:
        found = _resolved(aside, project, parent, commit, "HEAD", WORKTREE, [], tree)
    else:
        base_commit, base_label, notes = _base(repository, base, parent)
        found = _resolved(aside, project, base_commit, commit, base_label, WORKTREE, notes, tree)
    return replace(found, uncommitted_only=found.change.base == parent)


def _base(repository: Repository, base: str | None, head: str) -> tuple[str | None, str, list[str]]:
    """The base commit, what to call it, and remarks."""
    if base is not None:
        commit = repository.resolve(base)
        common = repository.merge_base(commit, head)
        if common is None:
            raise RepositoryError(
                f"{base} and head share no history",
                where=str(repository.root),
                advice="Give a base that head was made from (in a shallow clone: `git fetch --unshallow`).",
            )
        if common == commit:
            return commit, base, []
        note = f"{base} is no ancestor of head: the change is measured from their merge base {common[:12]}"
        return common, f"merge base with {base}", [note]
    branch = repository.default_branch()
    if branch is not None:
        common = repository.merge_base(branch, head)
        if common is not None and common != head:
            return common, f"merge base with {branch}", []
    parent = repository.parent(head)
    if parent is None:
        return None, "nothing", ["head has no parent: everything counts as changed"]
    return parent, "head's parent", []


def _resolved(
    repository: Repository,
    project: ProjectPaths,
    base: str | None,
    head: str,
    base_label: str,
    head_label: str,
    notes: list[str],
    tree: str | None = None,
) -> ResolvedChange:
    """The change between two commits; ``tree`` is head's where that is known already."""
    asked = [commit for commit in (base, None if tree else head) if commit]
    trees = repository.trees_of(asked) if asked else []
    base_tree = trees[0] if base else None
    head_tree = tree or trees[-1]
    entries = repository.entries(head_tree)
    if not any(path == "Cargo.toml" or path.endswith("/Cargo.toml") for path in entries):
        raise RepositoryError(
            f"there is no Cargo.toml in {head_label}",
            where=str(repository.root),
            advice="Ironwright checks Rust crates; commit the crate's Cargo.toml or choose another revision.",
        )
    submodules = sorted(path for path, entry in entries.items() if entry.mode == "160000")
    if submodules:
        notes.append(f"submodules are not checked out for the gates: {', '.join(submodules)}")
    change = Change(
        repository=repository.root,
        base=base,
        head=head,
        base_tree=base_tree,
        head_tree=head_tree,
        base_label=base_label,
        head_label=head_label,
        files=repository.diff(base_tree, head_tree),
        object_directory=repository.object_directory,
    )
    return ResolvedChange(change, repository, project, tuple(notes))
