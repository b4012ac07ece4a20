package example;

import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Uses what most code does. */
public class Warmth {
    public String use(Map<String, Object> event) {
        List<String> keys = event.keySet().stream().filter(each -> !each.isEmpty()).collect(Collectors.toList());
        return String.format("%d %s", keys.size(), keys);
    }
}
