return { apply = function() end }
