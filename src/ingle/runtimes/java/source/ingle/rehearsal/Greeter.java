package ingle.rehearsal;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import com.amazonaws.services.lambda.runtime.logging.LogLevel;
import java.util.HashMap;
import java.util.Map;

/** A handler of objects, to rehearse with. */
public class Greeter implements RequestHandler<Event, Event> {
    @Override
    public Event handleRequest(Event event, Context context) {
        context.getLogger().log("a\nb");
        context.getLogger().log("a", LogLevel.WARN);
        System.out.println("a " + context.getRemainingTimeInMillis() + System.getenv("TZ"));
        System.err.printf("%s %d\n", context.getFunctionName(), context.getMemoryLimitInMB());
        return event;
    }

    /** The same with maps. */
    public Map<String, Object> greet(Map<String, Object> event) {
        Map<String, Object> answer = new HashMap<>(event);
        answer.put("statusCode", 200);
        return answer;
    }
}
