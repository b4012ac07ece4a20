package example;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TimeZone;

/** Handlers that look at their process. */
public class Environments {
    private static final String AT_LOAD = System.getenv("GREETING");

    public List<String> greeting() {
        return Arrays.asList(AT_LOAD, System.getenv("GREETING"), System.getenv().get("GREETING"));
    }

    public Map<String, String> all() {
        return System.getenv();
    }

    public List<String> child(List<String> command) throws IOException, InterruptedException {
        return run(Runtime.getRuntime().exec(command.toArray(new String[0])));
    }

    public List<String> builder(List<String> command) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().put("MORE", "more");
        return run(builder.start());
    }

    public int inherited(List<String> command) throws IOException, InterruptedException {
        return new ProcessBuilder(command).inheritIO().start().waitFor();
    }

    public int standardInput() throws IOException {
        return System.in.read();
    }

    private static List<String> run(Process process) throws IOException, InterruptedException {
        List<String> lines = new ArrayList<>();
        BufferedReader reader = new BufferedReader(new InputStreamReader(process.getInputStream(), "UTF-8"));
        for (String line = reader.readLine(); line != null; line = reader.readLine()) {
            lines.add(line);
        }
        process.waitFor();
        return lines;
    }

    public String zone() {
        return TimeZone.getDefault().getID();
    }

    public String property(String name) {
        return System.getProperty(name);
    }

    public List<String> files() throws IOException {
        return Arrays.asList(
                System.getProperty("user.dir"), new File("here").getAbsolutePath(),
                String.valueOf(new File("note.txt").isFile()));
    }

    public long heap() {
        return Runtime.getRuntime().maxMemory() >> 20;
    }

    public String loader() {
        return Thread.currentThread().getContextClassLoader() == Environments.class.getClassLoader() ? "own" : "other";
    }
}
