"""What a function finds around itself: variables, modules, descriptors, child processes."""

import json

import pytest


def test_the_function_s_variables_are_set_and_seen_by_children(start):
    code = """console.log(process.env.WORD);
        exports.handler = async () =>
            require('child_process').execSync('echo $WORD', {encoding: 'utf8'});"""
    runtime = start(code, WORD="ü = 1")
    assert runtime.invoke().value == "ü = 1\n"
    assert runtime.events()[0].endswith("\tü = 1")


@pytest.mark.parametrize(
    ("zone", "expected"),
    [(":UTC", "00:00"), ("Asia/Tokyo", "09:00"), ("America/New_York", "19:00")],
)
def test_the_time_zone_is_the_function_s(start, major, zone, expected):
    if major < 13 and zone != ":UTC":
        pytest.skip("this Node.js reads the time zone when it starts")
    code = "exports.handler = async () => new Date(0).toTimeString().slice(0, 5)"
    assert start(code, TZ=zone).invoke().value == expected


def test_numbers_and_dates_are_shown_as_in_american_english(start):
    code = """exports.handler = async () =>
        [(1234.5).toLocaleString(), Intl.NumberFormat().resolvedOptions().locale]"""
    assert start(code).invoke().value == ["1,234.5", "en-US"]


def test_what_was_rehearsed_leaves_no_trace(start):
    code = """const found = [
            Object.keys(require.cache).filter((name) => name.includes('rehearsal/')),
            Object.keys(process.env).filter((name) => /INGLE|TRACE/.test(name)),
            Object.keys(awslambda), process.listenerCount('uncaughtException'),
        ];
        exports.handler = async () => found;"""
    expected = [[], [], ["streamifyResponse", "HttpResponseStream"], 1]
    assert start(code).invoke().value == expected


def test_the_channel_is_not_the_function_s_standard_input(start):
    code = """const {execSync, spawn, spawnSync} = require('child_process');
        exports.handler = async () => {
            const here = require('fs').readFileSync(0).length + process.stdin.fd;
            const inherited = spawnSync('cat', {stdio: ['inherit', 'pipe', 'inherit']});
            const child = spawn('wc', ['-c'], {stdio: ['inherit', 'pipe', 'inherit']});
            let counted = ''; child.stdout.on('data', (data) => { counted += data });
            await new Promise((resolve) => child.on('close', resolve));
            return [here, inherited.stdout.length, counted.trim()];
        }"""
    runtime = start(code)
    assert runtime.invoke().value == [0, 0, "0"]
    assert runtime.invoke().value == [0, 0, "0"]


def test_children_have_no_descriptor_of_the_runtime_s(start):
    code = """exports.handler = async () => require('child_process').spawnSync(
        'sh', ['-c', 'ls -l /proc/self/fd'], {encoding: 'utf8'}).stdout"""
    listed = start(code).invoke().value
    # Standard input is a pipe of spawnSync's own, and so are the other two.
    assert "socket:" not in "".join(each for each in listed.splitlines() if " 3 ->" in each)


def test_children_that_share_the_output_write_between_the_lines(start):
    code = """exports.handler = async () => {
        console.log('before');
        require('child_process').spawnSync(process.execPath, ['-e', 'console.log("within")'],
            {stdio: 'inherit'});
        console.log('after');
    }"""
    runtime = start(code)
    runtime.invoke()
    assert [each.split("\t")[-1] for each in runtime.events()] == ["before", "within", "after"]


def test_a_child_that_is_forked_may_be_spoken_with(start, task):
    (task / "child.js").write_text(
        "process.on('message', (m) => { process.send(m + 1); process.disconnect() })"
    )
    code = """exports.handler = async (event) => {
        const child = require('child_process').fork('./child.js');
        child.send(event);
        return new Promise((resolve) => child.on('message', resolve));
    }"""
    assert start(code).invoke(41).value == 42


def test_threads_work(start):
    code = """const {Worker} = require('worker_threads');
        exports.handler = async (event) => {
            const text = "require('worker_threads').parentPort.postMessage(6 * 7)";
            const worker = new Worker(text, {eval: true});
            return new Promise((resolve) => worker.on('message', resolve));
        }"""
    assert start(code).invoke().value == 42


def package(folder, name, value):
    """A package that says where it is from, to `require` and to `import`."""
    place = folder / name
    place.mkdir(parents=True)
    (place / "package.json").write_text(
        '{"main": "main.cjs", "exports": {"import": "./main.mjs", "require": "./main.cjs"}}'
    )
    (place / "main.cjs").write_text(f"module.exports = {json.dumps(value + ' required')}")
    (place / "main.mjs").write_text(f"export default {json.dumps(value + ' imported')}")


COMMON = """exports.handler = async () => {
    const found = [];
    for (const name of ['own', 'layered', '@aws-sdk/client-s3']) {
        try { found.push(require(name)) } catch (error) { found.push(error.code) }
    }
    return found;
}"""
MODULE = """export const handler = async () => {
    const found = [];
    for (const name of ['own', 'layered', '@aws-sdk/client-s3']) {
        try { found.push((await import(name)).default) } catch (error) { found.push(error.code) }
    }
    return found;
}"""


@pytest.fixture
def packages(task):
    """Packages of the function, of a layer, and of the runtime."""
    var = task.parent
    layer = var.parent / "opt" / "nodejs" / "node_modules"
    sdk = var / "runtime" / "node_modules"
    package(task / "node_modules", "own", "own")
    package(layer, "own", "layer's")
    package(layer, "layered", "layer's")
    package(sdk, "layered", "runtime's")
    package(sdk, "@aws-sdk/client-s3", "runtime's")
    return f"{layer}:{sdk}"


def test_require_finds_packages_in_the_function_then_layers_then_the_runtime(start, packages):
    assert start(COMMON, NODE_PATH=packages).invoke().value == [
        "own required",
        "layer's required",
        "runtime's required",
    ]


def test_require_finds_the_sdk_where_the_function_sets_no_path(start, packages):
    runtime = start(COMMON, NODE_PATH="")
    assert runtime.invoke().value[2] == "runtime's required"


def test_the_usual_path_is_that_of_aws(start, task, major):
    code = "exports.handler = async () => process.env.NODE_PATH"
    assert start(code, NODE_PATH="").invoke().value == (
        f"/opt/nodejs/node{major}/node_modules:/opt/nodejs/node_modules:"
        f"{task.parent}/runtime/node_modules:{task.parent}/runtime:{task}"
    )


IMPORTED = ["own imported", "layer's imported", "runtime's imported"]


def test_import_finds_packages_in_the_function_then_layers_then_the_runtime(
    start, task, packages, node
):
    if tuple(map(int, node.version.split(".")[:2])) < (18, 19):
        pytest.skip("this Node.js cannot be told where to look; links in the sandbox do it")
    (task / "index.mjs").write_text(MODULE)
    assert start(NODE_PATH=packages).invoke().value == IMPORTED


def test_import_that_finds_nothing_anywhere_says_so(start, task, packages):
    (task / "index.mjs").write_text(MODULE.replace("'layered'", "'nothing-such'"))
    assert start(NODE_PATH=packages).invoke().value[1] == "ERR_MODULE_NOT_FOUND"


def test_import_needs_no_help_where_links_above_the_function_lead_to_the_folders(
    start, task, packages
):
    layer, sdk = packages.split(":")
    (task.parent / "node_modules").symlink_to(layer)
    (task.parent.parent / "node_modules").symlink_to(sdk)
    (task / "index.mjs").write_text(MODULE)
    assert start(NODE_PATH=packages).invoke().value == IMPORTED


def test_names_of_files_and_of_node_s_own_modules_mean_what_they_always_mean(start, task, packages):
    (task / "near.mjs").write_text("export default 'near'")
    (task / "index.mjs").write_text(
        """export const handler = async () => {
            const codes = [];
            for (const name of ['./gone.mjs', '/gone.mjs', 'node:gone', '#gone'])
                await import(name).catch((error) => codes.push(error.code));
            const [near, fs] = [await import('./near.mjs'), await import('fs')];
            return [near.default, fs.default.constants.F_OK, codes.length];
        }"""
    )
    assert start(NODE_PATH=packages).invoke().value == ["near", 0, 4]


def test_compiled_code_is_kept_after_the_first_answer(start, task, node):
    if tuple(map(int, node.version.split(".")[:2])) < (22, 10):
        pytest.skip("this Node.js cannot")
    cache = task.parent / "cache"
    runtime = start("exports.handler = async () => 1", NODE_COMPILE_CACHE=str(cache))
    runtime.invoke()
    runtime.invoke()
    assert [each for each in cache.rglob("*") if each.is_file()]


def test_uncollected_garbage_stays_within_a_small_function_s_memory(start):
    code = """exports.handler = async () => {
        let peak = 0; const kept = [];
        for (let n = 0; n < 100; n += 1) {
            kept.push(new Array(50000).fill(n).map((each) => ({each})));
            if (kept.length > 8) kept.shift();
            peak = Math.max(peak, process.memoryUsage().heapTotal);
        }
        return peak;
    }"""
    assert start(code).invoke().value < 115 * 2**20


def test_a_large_function_may_use_all_its_memory(start):
    code = "exports.handler = async () => require('v8').getHeapStatistics().heap_size_limit"
    assert start(code, AWS_LAMBDA_FUNCTION_MEMORY_SIZE="10240").invoke().value >= 10_240 * 2**20


def test_the_runtime_ends_quietly_when_the_server_is_gone(start, bring_up):
    serving = start("exports.handler = async () => 1")
    anonymous = bring_up()
    for runtime in (serving, anonymous):
        runtime.hang_up()
        assert runtime.wait() == 0
        assert runtime.events() == []
