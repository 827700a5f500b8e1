package topic_test

import (
	"fmt"

	"github.com/thingdesk/thingdesk/things/topic"
)

func ExampleMatch() {
	fmt.Println(topic.Match("plant/+/temp", "plant/oven/temp"))
	fmt.Println(topic.Match("plant/#", "plant"))
	fmt.Println(topic.Match("#", "$SYS/uptime"))
	// Output:
	// true
	// true
	// false
}

func ExampleValidateFilter() {
	fmt.Println(topic.ValidateFilter("plant/#/temp"))
	// Output:
	// topic "plant/#/temp" has # before its end: # must be the last level
}

func ExampleIndex() {
	ix := topic.NewIndex(topic.Limits{})
	ix.Add("plant/oven/temp", topic.Sample{Time: 1_000_000, Payload: []byte("180")})
	ix.Add("plant/oven/temp", topic.Sample{Time: 2_000_000, Payload: []byte("181")})
	ix.Add("plant/door", topic.Sample{Time: 3_000_000, Payload: []byte("open")})

	plant, _ := ix.Find("plant")
	fmt.Println(ix.Node(plant, 3_000_000).Messages, "messages below plant")
	for _, id := range ix.Children(plant, nil) {
		fmt.Println(ix.Node(id, 3_000_000).Level)
	}
	ix.Walk(topic.Root, func(name string, own uint64, last topic.Sample) bool {
		fmt.Printf("%s %d %s\n", name, own, last.Payload)
		return true
	})
	// Output:
	// 3 messages below plant
	// door
	// oven
	// plant/door 1 open
	// plant/oven/temp 2 181
}
