-- Included where a story is named (articles.lua, storyrecords.lua).

-- The story that `story` is part of by now.
local function current_story(prefix, story)
  for _ = 1, 8 do
    local into = redis.call('GET', prefix .. 'sa:' .. story)
    if not into then return story end
    story = into
  end
  return story
end
