package example;

import com.amazonaws.services.lambda.runtime.Context;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/** Handlers that are plain methods. */
public class Methods {
    public static String fixed(String event) {
        return "static " + event;
    }

    public String own(String event) {
        return "own " + event;
    }

    public String withContext(String event, Context context) {
        return event + " " + context.getFunctionName();
    }

    public String onlyContext(Context context) {
        return context.getFunctionName();
    }

    public String none() {
        return "none";
    }

    public void nothing(String event) {}

    public int twice(int event) {
        return 2 * event;
    }

    public Long longer(Long event) {
        return event + 1;
    }

    public boolean not(boolean event) {
        return !event;
    }

    public double half(double event) {
        return event / 2;
    }

    public Map<String, List<Integer>> group(List<Integer> event) {
        return Collections.singletonMap("all", event);
    }

    public void copy(InputStream in, OutputStream out) throws IOException {
        out.write(read(in));
    }

    public void copyWithContext(InputStream in, OutputStream out, Context context) throws IOException {
        out.write(('"' + context.getFunctionName() + '"').getBytes());
    }

    public int readOnly(InputStream in) throws IOException {
        System.out.println("read " + new String(read(in)));
        return 1;
    }

    public void writeOnly(OutputStream out) throws IOException {
        out.write("[1]".getBytes());
    }

    public void writeWithContext(OutputStream out, Context context) throws IOException {
        out.write(("[\"" + context.getFunctionName() + "\"]").getBytes());
    }

    public String over(String event) {
        return "one";
    }

    public String over(String event, Context context) {
        return "with context";
    }

    public String over(String event, String more) {
        return "two";
    }

    public String over(String a, String b, String c) {
        return "three";
    }

    public String over(String a, String b, String c, String d) {
        return "four";
    }

    public String first(Context context) {
        return "context";
    }

    public String first(String event) {
        return "event";
    }

    public String last(String event) {
        return "event";
    }

    public String last(Context context) {
        return "context";
    }

    public String never(String a, String b) {
        return "";
    }

    String hidden(String event) {
        return "";
    }

    private static byte[] read(InputStream in) throws IOException {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (int each = in.read(); each >= 0; each = in.read()) {
            all.write(each);
        }
        return all.toByteArray();
    }
}
