"""Variables, libraries and gems, although the process ran before it knew them."""

import pytest

ANEW = "File.read('/proc/self/environ').include?('_INGLE_STARTED_ANEW')"


def gem(ground, name, folder="vendor/bundle/ruby/3.3.0", version="99.0.0", code="HERE = 'gem'"):
    ground.write(
        f"{folder}/specifications/{name}-{version}.gemspec",
        f"Gem::Specification.new {{ |s| s.name = '{name}'; s.version = '{version}'\n"
        "s.summary = s.author = 'x' }",
    )
    ground.write(f"{folder}/gems/{name}-{version}/lib/{name}.rb", code)


def test_the_functions_variables_are_there(answer_of):
    said = answer_of("ENV.to_h")
    assert said["AWS_LAMBDA_FUNCTION_NAME"] == "thing"
    assert said["LANG"] == "en_US.UTF-8"
    assert [name for name in said if "INGLE" in name or "AMZN" in name] == []


def test_text_is_utf8_and_the_time_zone_the_functions(start):
    runtime = start(
        "def handler(event:, context:) = [Encoding.default_external, ENV['A'].encoding, ENV['A'],"
        " File.read('index.rb').encoding, Time.at(0).to_s]",
        A="ü",
        TZ="Asia/Tokyo",
    )
    assert runtime.invoke().value == ["UTF-8", "UTF-8", "ü", "UTF-8", "1970-01-01 09:00:00 +0900"]


def test_libraries_are_found_where_rubylib_says(ground, tmp_path):
    layer = tmp_path / "opt/ruby/lib"
    layer.mkdir(parents=True)
    (layer / "tool.rb").write_text("TOOL = __FILE__")
    runtime = ground.start("require 'tool'\ndef handler(event:, context:) = TOOL")
    assert runtime.invoke().value == str(layer / "tool.rb")


@pytest.mark.parametrize("folder", ["vendor/bundle/ruby/3.3.0", "../../opt/ruby/gems/3.3.0"])
def test_gems_are_found_where_gem_path_says(ground, folder):
    gem(ground, "spoon", folder)
    runtime = ground.start(f"require 'spoon'\ndef handler(event:, context:) = [HERE, {ANEW}]")
    assert runtime.invoke().value == ["gem", False]


def test_rubys_own_gems_are_there(answer_of):
    code = "%w[set bundler rake].each { |name| require name }; Rake::VERSION.class.to_s"
    assert answer_of(code) == "String"


def test_nothing_of_the_bootstrap_is_found_by_require(start):
    runtime = start("""def handler(event:, context:)
          %w[channel errors invocation output runtime].map { |name| require name }
        rescue LoadError => error
          error.message
        end""")
    assert runtime.invoke().value == "cannot load such file -- channel"


def test_a_gem_is_preferred_to_rubys_own_of_the_same_name(ground):
    gem(
        ground,
        "logger",
        code="MINE = true; load File.join(RbConfig::CONFIG['rubylibdir'], 'logger.rb')",
    )
    runtime = ground.start(
        "require 'logger'\n"
        "def handler(event:, context:)\n"
        f"  [Gem.loaded_specs['logger'].version, MINE, ENV['LANG'], {ANEW}]\n"
        "end"
    )
    assert runtime.invoke().value == ["99.0.0", True, "en_US.UTF-8", True]
    assert runtime.events() == []


@pytest.mark.parametrize(
    ("name", "value", "expression", "said"),
    [
        ("RUBYOPT", "-W:no-deprecated -rset -r./before", "$before", 1),
        ("LD_LIBRARY_PATH", "/opt/mine", "ENV['LD_LIBRARY_PATH']", "/opt/mine"),
        ("MALLOC_ARENA_MAX", "2", "ENV['MALLOC_ARENA_MAX']", "2"),
        ("LC_ALL", "C", "Encoding.default_external.to_s", "US-ASCII"),
    ],
)
def test_variables_for_the_start_are_honoured_by_starting_anew(
    ground, name, value, expression, said
):
    ground.write("before.rb", "$before = $before.to_i + 1")
    runtime = ground.start(
        f"def handler(event:, context:) = [{expression}, ENV['LANG'], {ANEW},"
        " ENV.keys.grep(/INGLE/)]",
        **{name: value},
    )
    assert runtime.invoke().value == [said, "en_US.UTF-8", True, []]
    assert runtime.invoke().value == [said, "en_US.UTF-8", True, []]


def test_what_every_function_has_needs_no_second_start(ground):
    environment = pytest.importorskip("ingle.pool.environment")
    defaults = environment._defaults("ruby3.3", "http://127.0.0.1:4566")
    runtime = ground.start(f"def handler(event:, context:) = {ANEW}", **defaults)
    assert runtime.invoke().value is False


def test_a_wrapper_script_starts_the_runtime(ground):
    wrapper = ground.task / "wrapper"
    ground.write("wrapper", '#!/bin/sh\necho "wrapping"\nexport WRAPPED=yes\nexec "$@"\n')
    wrapper.chmod(0o755)
    code = "def handler(event:, context:) = ENV['WRAPPED']"
    runtime = ground.start(code, AWS_LAMBDA_EXEC_WRAPPER=str(wrapper))
    assert runtime.invoke().value == "yes"
    assert runtime.events() == ["wrapping"]


def test_a_wrapper_script_that_is_not_there_is_named(ground):
    runtime = ground.bring_up()
    with pytest.raises(EOFError):
        runtime.initialise("index.handler", AWS_LAMBDA_EXEC_WRAPPER="/opt/nope")
    assert runtime.wait() == 127
    assert "/opt/nope" in runtime.events()[0]


def test_programs_that_the_function_starts_get_no_descriptor_of_the_runtime(answer_of):
    told = answer_of("`ls -l /proc/self/fd`")
    links = [line.split(" -> ")[1] for line in told.splitlines() if " -> " in line]
    assert not any(link.startswith("socket:") for link in links)
    assert links[0] == "/dev/null"


def test_standard_input_is_empty(answer_of):
    assert answer_of("$stdin.read") == ""
