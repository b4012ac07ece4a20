"""Functions in Java, under every Java that this machine has."""

import uuid

import pytest

from tests.e2e.conftest import ROLE
from tests.e2e.languages import JAVAC, java_class, runtimes_of, zip_of_files

RUNTIMES = runtimes_of("java")

SOURCE = """
package example;

import java.util.HashMap;
import java.util.Map;

public class Hello {
    private int count = 0;

    public Map<String, Object> handle(Map<String, Object> event) {
        if (event.containsKey("fail")) throw new IllegalStateException((String) event.get("fail"));
        System.out.println("hello from " + System.getenv("WHO"));
        Map<String, Object> answer = new HashMap<>();
        answer.put("event", event);
        answer.put("count", ++count);
        if (event.containsKey("read")) answer.put("read", read((String) event.get("read")));
        answer.put("execution", System.getenv("AWS_EXECUTION_ENV"));
        return answer;
    }

    private static String read(String name) {
        try (java.util.Scanner file = new java.util.Scanner(new java.io.File(name))) {
            Process pwd = new ProcessBuilder("pwd").start();
            return file.nextLine() + " " + new java.util.Scanner(pwd.getInputStream()).nextLine();
        } catch (java.io.IOException error) {
            return error.toString();
        }
    }
}
"""

pytestmark = pytest.mark.skipif(JAVAC is None, reason="this machine has no Java compiler")


@pytest.fixture(scope="session")
def package(tmp_path_factory):
    code = java_class(tmp_path_factory.mktemp("java"), "Hello", SOURCE)
    return zip_of_files({"example/Hello.class": code, "data.txt": "of the package"})


@pytest.fixture(params=RUNTIMES)
def function(request, functions, package):
    name = f"j-{uuid.uuid4().hex[:12]}"
    functions.create_function(
        FunctionName=name,
        Role=ROLE,
        Runtime=request.param,
        Handler="example.Hello::handle",
        Timeout=20,
        MemorySize=512,
        Environment={"Variables": {"WHO": "Java"}},
        Code={"ZipFile": package},
    )
    yield name, request.param
    functions.delete_function(FunctionName=name)


def test_a_handler_gets_its_event_and_answers(function, invoke, messages):
    name, runtime = function
    for count, event in enumerate(({"n": 1}, {"ü": [None, "x"]}), 1):
        answer, response = invoke(name, event)
        assert "FunctionError" not in response, answer
        assert answer == {
            "event": event,
            "count": count,
            "execution": f"AWS_Lambda_{runtime}",
        }
    logged = messages(name)
    assert logged[0].startswith("INIT_START Runtime Version: java:")
    assert logged.count("hello from Java\n") == 2


def test_an_error_is_the_callers_answer(function, invoke):
    answer, response = invoke(function[0], {"fail": "not today"})
    assert response["FunctionError"] == "Unhandled"
    assert answer["errorType"] == "java.lang.IllegalStateException"
    assert answer["errorMessage"] == "not today"
    assert "FunctionError" not in invoke(function[0], {})[1]


def test_relative_paths_begin_at_the_package_for_the_handler_and_its_children(function, invoke):
    name, _ = function
    assert invoke(name, {"read": "data.txt"})[0]["read"] == "of the package /var/task"
