"""Which module and which function of it a handler's name means."""

import pytest

REPORT = "exports.handler = async () => 'found';"
MODULE = "export const handler = async () => 'found';"
WAITING = "const word = await Promise.resolve('found'); export const handler = async () => word;"
FOREVER = "await new Promise(() => setTimeout(() => {}, 60000));"


def needs_top_level_await(major):
    if major < 16:
        pytest.skip("this Node.js may not know await outside functions")


def put(task, files):
    for name, text in files.items():
        file = task / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


@pytest.mark.parametrize(
    ("handler", "files"),
    [
        ("index.handler", {"index.js": REPORT}),
        ("src/app/main.handler", {"src/app/main.js": REPORT}),
        ("./src/main.handler", {"src/main.js": REPORT}),
        ("index.a.b.run", {"index.js": "exports.a = {b: {run: async () => 'found'}};"}),
        ("index.handler", {"index.cjs": REPORT}),
        ("index.handler", {"index/index.js": REPORT}),
        ("index.handler", {"index": REPORT}),
        ("lib.handler", {"node_modules/lib/index.js": REPORT}),
        ("index.handler", {"index.mjs": MODULE}),
        ("index.handler", {"index.mjs": WAITING}),
        ("index.handler", {"package.json": '{"type": "module"}', "index.js": MODULE}),
        ("a/b/x.handler", {"package.json": '{"type": "module"}', "a/b/x.js": WAITING}),
        (
            "a/x.handler",
            {"package.json": '{"type": "module"}', "a/package.json": "{}", "a/x.js": REPORT},
        ),
        ("index.handler", {"package.json": '{"type": "module"}', "index.cjs": REPORT}),
        (
            "node_modules/x.handler",
            {"package.json": '{"type": "module"}', "node_modules/x.js": REPORT},
        ),
        ("index.handler", {"index.mjs": "export default 1;", "index.js": REPORT}),
    ],
)
def test_a_handler_is_found_where_its_name_says(start, task, major, handler, files):
    if WAITING in files.values():
        needs_top_level_await(major)
    put(task, files)
    assert start(handler=handler).invoke().value == "found"


def test_code_runs_in_the_folder_of_the_function(start, task):
    assert start("exports.handler = async () => process.cwd()").invoke().value == str(task)


def test_an_es_module_may_require_and_a_common_one_import(start, task):
    put(task, {"other.mjs": "export default 'from afar';"})
    code = "exports.handler = async () => (await import('./other.mjs')).default"
    assert start(code).invoke().value == "from afar"


def test_a_handler_may_be_loaded_although_its_package_json_is_broken(start, task):
    put(task, {"package.json": "{", "index.cjs": REPORT})
    runtime = start()
    assert runtime.invoke().value == "found"
    [event] = runtime.events()
    assert "cannot be read, it will be ignored for ES module detection purposes." in event


def test_a_handler_name_without_a_dot_is_malformed(refused):
    error, runtime = refused(REPORT, handler="index")
    assert error["errorType"] == "Runtime.MalformedHandlerName"
    assert error["errorMessage"] == "Bad handler"
    assert error["trace"][0] == "Runtime.MalformedHandlerName: Bad handler"
    assert runtime.wait() == 1


def test_a_handler_name_may_not_lead_out_of_the_package(refused):
    error, _ = refused(REPORT, handler="../index.handler")
    assert error["errorType"] == "Runtime.MalformedHandlerName"
    assert error["errorMessage"] == (
        "'../index.handler' is not a valid handler name. Use absolute paths when specifying root "
        "directories in handler names."
    )


def test_a_module_that_is_not_there_is_an_import_error(refused, task):
    error, runtime = refused(handler="index.handler")
    assert error["errorType"] == "Runtime.ImportModuleError"
    assert error["errorMessage"].startswith("Error: Cannot find module 'index'")
    assert "/var/runtime/index.mjs" in error["errorMessage"]
    [event] = runtime.events()
    assert '\tundefined\tERROR\tUncaught Exception \t{"errorType":"Runtime.ImportM' in event


def test_a_module_that_requires_what_is_not_there_is_an_import_error(refused, task):
    error, _ = refused("require('nothing-such')")
    assert error["errorType"] == "Runtime.ImportModuleError"
    assert error["errorMessage"] == (
        "Error: Cannot find module 'nothing-such'\nRequire stack:\n"
        f"- {task}/index.js\n- /var/runtime/index.mjs"
    )


def test_an_es_module_that_imports_what_is_not_there_gives_node_s_own_error(refused, task):
    put(task, {"index.mjs": "import 'nothing-such'; export const handler = 1;"})
    error, _ = refused()
    assert error["errorType"] == "Error"
    assert error["errorMessage"].startswith("Cannot find package 'nothing-such' imported from")


@pytest.mark.parametrize("name", ["index.js", "index.mjs"])
def test_broken_code_is_a_syntax_error(refused, task, name):
    put(task, {name: "function ("})
    error, _ = refused()
    assert error["errorType"] == "Runtime.UserCodeSyntaxError"
    assert error["errorMessage"].startswith("SyntaxError: ")


def test_module_syntax_in_a_common_file_is_a_syntax_error(refused, major):
    if major >= 24:
        pytest.skip("AWS lets Node.js 24 find out by itself")
    error, _ = refused(MODULE)
    assert error["errorType"] == "Runtime.UserCodeSyntaxError"


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("exports.other = 1;", "index.handler is undefined or not exported"),
        ("exports.handler = 'text';", "index.handler is not a function"),
        ("module.exports = null;", "index.handler is undefined or not exported"),
    ],
)
def test_a_handler_that_is_not_exported_is_not_found(refused, code, message):
    error, _ = refused(code)
    assert error["errorType"] == "Runtime.HandlerNotFound"
    assert error["errorMessage"] == message


@pytest.mark.parametrize(
    ("code", "kind", "message"),
    [
        ("throw new TypeError('no init')", "TypeError", "no init"),
        ("throw 'a word'", "string", "a word"),
        ("class Own extends Error {}; Own.prototype.name = 'Own'; throw new Own('x')", "Own", "x"),
    ],
)
def test_what_code_throws_while_it_is_loaded_is_the_error(refused, code, kind, message):
    error, runtime = refused(code)
    assert (error["errorType"], error["errorMessage"]) == (kind, message)
    assert runtime.wait() == 1


def test_what_goes_wrong_aside_while_code_is_loaded_is_the_error_too(refused, task, major):
    needs_top_level_await(major)
    put(task, {"index.mjs": f"setTimeout(() => {{ throw new Error('aside') }}); {FOREVER}"})
    error, _ = refused()
    assert (error["errorType"], error["errorMessage"]) == ("Error", "aside")


def test_a_rejection_while_code_is_loaded_is_the_error_too(refused, task, major):
    needs_top_level_await(major)
    put(task, {"index.mjs": f"Promise.reject(new Error('aside')); {FOREVER}"})
    error, _ = refused()
    assert error["errorType"] == "Runtime.UnhandledPromiseRejection"
    assert error["errorMessage"] == "Error: aside"


def test_a_module_that_waits_for_nothing_ends_the_process_as_node_does(bring_up, task, major):
    needs_top_level_await(major)
    put(task, {"index.mjs": "await new Promise(() => {}); export const handler = 1;"})
    runtime = bring_up()
    with pytest.raises(EOFError):
        runtime.initialise("index.handler")
    assert runtime.wait() == 13
