package example;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import com.amazonaws.services.lambda.runtime.RequestStreamHandler;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;
import java.util.Map;

/** Handlers by AWS's interfaces. */
public class Interfaces {
    public static class Hello implements RequestHandler<Map<String, Object>, String> {
        @Override
        public String handleRequest(Map<String, Object> event, Context context) {
            return "Hello, " + event.get("name") + "!";
        }
    }

    public static class Upper implements RequestStreamHandler {
        @Override
        public void handleRequest(InputStream in, OutputStream out, Context context) throws IOException {
            int each = in.read();
            while (each >= 0) {
                out.write(Character.toUpperCase(each));
                each = in.read();
            }
        }
    }

    public abstract static class Base<T, R> implements RequestHandler<T, R> {}

    public static class Mid<E> extends Base<List<E>, String> {
        @Override
        public String handleRequest(List<E> event, Context context) {
            return event.get(0).getClass().getName();
        }
    }

    public static class Leaf extends Mid<Order> {}

    public static class Sum implements RequestHandler<List<Integer>, Integer> {
        @Override
        public Integer handleRequest(List<Integer> event, Context context) {
            int sum = 0;
            for (Integer each : event) {
                sum += each;
            }
            return sum;
        }
    }

    public static class Nothing implements RequestHandler<String, Void> {
        @Override
        public Void handleRequest(String event, Context context) {
            return null;
        }
    }

    public static class Counter implements RequestHandler<Object, Integer> {
        private int count;

        @Override
        public Integer handleRequest(Object event, Context context) {
            return ++count;
        }
    }

    public static class Kind implements RequestHandler<Object, String> {
        @Override
        public String handleRequest(Object event, Context context) {
            return event == null ? "null" : event.getClass().getName();
        }
    }

    public static class Large implements RequestHandler<Integer, String> {
        @Override
        public String handleRequest(Integer event, Context context) {
            return new String(new char[event]).replace('\0', 'x');
        }
    }

    @SuppressWarnings("rawtypes")
    public static class Raw implements RequestHandler {
        @Override
        public Object handleRequest(Object event, Context context) {
            return event;
        }
    }

    public static class Unbound<T> implements RequestHandler<T, String> {
        @Override
        public String handleRequest(T event, Context context) {
            return "";
        }
    }
}
