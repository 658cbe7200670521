from __future__ import annotations

import pytest
from trees import source_tree

from ironwright.gates.rust.modules import library_files, reachable_files

MANIFEST = '[package]\nname = "a"\n'


@pytest.mark.parametrize(
    ("declaring", "text", "declared"),
    [
        ("src/lib.rs", "#[cfg(test)]\nmod tests;\n", "src/tests.rs"),
        ("src/lib.rs", "#[cfg(test)]\nmod tests;\n", "src/tests/mod.rs"),
        ("src/a.rs", "#[cfg(test)]\nmod tests;\n", "src/a/tests.rs"),
        ("src/a/mod.rs", "#[cfg(test)]\nmod tests;\n", "src/a/tests.rs"),
        ("src/lib.rs", "#[cfg(test)]\nmod a {\n    mod b;\n}\n", "src/a/b.rs"),
        ("src/lib.rs", '#[cfg(test)]\n#[path = "odd/place.rs"]\nmod tests;\n', "src/odd/place.rs"),
        ("src/bin/tool.rs", "#[cfg(test)]\nmod tests;\n", "src/bin/tests.rs"),
    ],
)
def test_a_module_declared_for_tests_is_a_test_file(declaring, text, declared):
    tree = source_tree({declaring: text, declared: "fn helper() {}\n"})
    assert tree.test_files == {declared}
    assert tree.test_lines(declared) == {1}


def test_what_a_test_module_declares_is_test_code_too():
    tree = source_tree(
        {
            "src/lib.rs": "#[cfg(test)]\nmod tests;\nmod shipped;\n",
            "src/tests.rs": "mod deep;\n",
            "src/tests/deep.rs": "",
            "src/shipped.rs": "",
        }
    )
    assert tree.test_files == {"src/tests.rs", "src/tests/deep.rs"}


def test_a_file_that_is_shipped_as_well_is_no_test_file():
    tree = source_tree(
        {
            "src/lib.rs": '#[cfg(test)]\n#[path = "both.rs"]\nmod tests;\nmod both;\n',
            "src/both.rs": "",
        }
    )
    assert tree.test_files == frozenset()


def test_folders_of_tests_and_inner_attributes_make_test_files():
    tree = source_tree(
        {
            "tests/a.rs": "",
            "crates/x/benches/b.rs": "",
            "src/c.rs": "#![cfg(test)]\n",
            "src/lib.rs": "mod c;\n",
        }
    )
    assert tree.test_files == {"tests/a.rs", "crates/x/benches/b.rs", "src/c.rs"}


def test_modules_that_declare_each_other_come_to_an_end():
    tree = source_tree({"src/a.rs": "mod b;\n", "src/b.rs": '#[path = "a.rs"]\nmod a;\n'})
    assert reachable_files(tree, "src/a.rs") == {"src/a.rs", "src/b.rs"}
    assert tree.test_files == frozenset()


def test_library_files_leave_out_binaries_tests_and_examples():
    tree = source_tree(
        {
            "Cargo.toml": MANIFEST,
            "src/lib.rs": "mod a;\n#[cfg(test)]\nmod tests;\n",
            "src/a.rs": "",
            "src/tests.rs": "",
            "src/macro_made.rs": "",
            "src/main.rs": "mod cli;\n",
            "src/cli.rs": "",
            "src/bin/tool.rs": "",
            "examples/e.rs": "",
            "build.rs": "",
        }
    )
    assert library_files(tree) == {"src/lib.rs", "src/a.rs", "src/macro_made.rs"}


def test_a_package_without_a_library_has_no_library_files():
    tree = source_tree({"Cargo.toml": MANIFEST, "src/main.rs": "mod a;\n", "src/a.rs": ""})
    assert library_files(tree) == frozenset()


def test_each_member_of_a_workspace_has_its_own_library():
    tree = source_tree(
        {
            "Cargo.toml": '[workspace]\nmembers = ["x", "y"]\n',
            "x/Cargo.toml": MANIFEST + '[lib]\npath = "code.rs"\n',
            "x/code.rs": "mod part;\n",
            "x/part.rs": "",
            "y/Cargo.toml": "[not toml",
            "y/src/lib.rs": "",
        }
    )
    assert {"x/code.rs", "x/part.rs", "y/src/lib.rs"} == library_files(tree)
